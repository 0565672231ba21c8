# SPDX-License-Identifier: Apache-2.0
"""What a DAG author may give an operator; what cannot work is an error when the DAG is parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NoReturn

from airflow.providers.common.compat.sdk import XComArg

from airflow_provider_userattrs.operators.rows import Source
from airflow_provider_userattrs.push.mapping import Constant, Hashed
from airflow_provider_userattrs.push.shard import Shard
from airflow_provider_userattrs.sources.formats import format_of
from airflow_provider_userattrs.sources.handover import is_handed_over

_USERS = "give an upstream task's output, a list of dicts, a source such as SqlRows(...), or the path of a file"


def refuse(name: str, value: Any, remedy: str) -> NoReturn:
    """Raise the error on a parameter: its name, the kind of its value, what to give instead.

    :raises ValueError: always.
    """
    kind = f"the text {value!r}" if isinstance(value, str) and len(value) <= 40 else f"a {type(value).__name__}"
    raise ValueError(f"{name} is {kind}; {remedy}")


def is_deferred(value: Any) -> bool:
    """Tell whether a value is known only when the task runs: an XComArg, or text with a template in it."""
    return isinstance(value, XComArg) or (isinstance(value, str) and ("{{" in value or "{%" in value))


def is_known(columns: Any) -> bool:
    """Tell whether what is set or unset is known when the DAG is parsed, constants and all."""
    if is_deferred(columns):
        return False
    parts = columns.values() if isinstance(columns, Mapping) else columns or ()
    return not any(is_deferred(part.value if isinstance(part, Constant) else part) for part in parts)


def check_path(name: str, value: Any) -> None:
    """Check a parameter that is a path, or becomes one when the task runs."""
    if not is_deferred(value) and (not isinstance(value, str) or not value):
        refuse(name, value, "give a path such as 's3://bucket/rejects.jsonl' or '/data/rejects.jsonl'")


def check_users(value: Any) -> None:
    """Check where the rows come from."""
    if isinstance(value, bytes) or not (isinstance(value, (XComArg, Source, Sequence)) or is_handed_over(value)):
        refuse("users", value, _USERS)
    if isinstance(value, str) and not is_deferred(value) and format_of(value) is None:
        refuse("users", value, _USERS)
    if isinstance(value, Sequence) and any(isinstance(part, XComArg) for part in value[:100]):
        refuse("users", value, "it holds outputs of upstream tasks; join them with output.concat(other)")


def check_shard(value: Any) -> None:
    """Check which part of a push this is."""
    if value is not None and (not isinstance(value, Mapping) or set(value) != {each.name for each in fields(Shard)}):
        refuse("shard", value, "give None, or what shards() returns")


def check_reports(value: Any) -> None:
    """Check where the reports of shards come from."""
    if not isinstance(value, (XComArg, Sequence)) or isinstance(value, (str, bytes)):
        refuse("reports", value, "give the output of the mapped push")


def check_conn_id(name: str, value: Any) -> None:
    """Check a parameter that names a connection, or does when the task runs."""
    if not is_deferred(value) and (not isinstance(value, str) or not value):
        refuse(name, value, "give the id of a connection")


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Check a parameter that is one of a few words."""
    if value not in allowed:
        refuse(name, value, f"use one of {', '.join(map(repr, allowed))}")


def check_flag(name: str, value: Any) -> None:
    """Check a parameter that is True or False."""
    if not isinstance(value, bool):
        refuse(name, value, "give True or False")


def check_max_failed(value: Any) -> None:
    """Check how many rows, or what share of them, may fail."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        refuse("max_failed", value, "give a number of rows (int) or a share of them (float from 0.0 to 1.0)")
    if value < 0 or (isinstance(value, float) and not value <= 1):
        refuse("max_failed", value, "a number of rows (int) is 0 or more, a share of them (float) is from 0.0 to 1.0")


def check_rate_limit(value: Any) -> None:
    """Check the cap per second."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9):
        refuse("rate_limit", value, "give a number over 0, per second, or None for the vendor's documented cap")


def check_concurrency(value: Any) -> None:
    """Check how many requests may be in flight."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 256:
        refuse("concurrency", value, "give a number of requests in flight (int) from 1 to 256")


def check_column(name: str, value: Any) -> None:
    """Check a parameter that names a column."""
    if not is_deferred(value) and (not isinstance(value, str) or not value):
        refuse(name, value, "give the name of a column")


def check_target(value: Any) -> None:
    """Check the credentials that name a user: columns, or a mapping from credential to column."""
    if is_deferred(value):
        return
    if not isinstance(value, (Mapping, Sequence)) or isinstance(value, (str, bytes)) or not value:
        refuse("target", value, "give a list of columns, or a dict from Kahuna's credential to the column")
    for column in (*value, *value.values()) if isinstance(value, Mapping) else value:
        _check_name("target", column)


def check_columns(name: str, value: Any) -> None:
    """Check a parameter that says which columns go where: None, columns, or a mapping from a vendor's name.

    :param name: the parameter.
    :param value: what the author gave.
    """
    if value is None or is_deferred(value):
        return
    if not isinstance(value, (Mapping, Sequence)) or isinstance(value, (str, bytes)) or not value:
        refuse(name, value, "give None, a list of columns, or a dict from the vendor's name to the column's")
    if not isinstance(value, Mapping):
        check_names(name, value)
        return
    for key, source in value.items():
        _check_name(name, key)
        if not isinstance(source, Constant):
            _check_name(name, source.column if isinstance(source, Hashed) else source)


def check_names(name: str, value: Any) -> None:
    """Check a parameter that is a list of names."""
    if is_deferred(value):
        return
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or not value:
        refuse(name, value, "give a list of names")
    for part in value:
        _check_name(name, part)


def check_no_nulls(value: Any) -> None:
    """Check that no meaning is given to NULLs where no values are sent."""
    if value != "skip":
        refuse("nulls", value, "it says what a NULL value means, and no values are sent here; leave it out")


def _check_name(parameter: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        refuse(f"{parameter} holds something that", value, "give names that are text and not empty")

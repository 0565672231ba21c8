# SPDX-License-Identifier: Apache-2.0
"""Checks of the operators' parameters; an invalid one is an error when the DAG is parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from functools import partial
from typing import Any, NoReturn, TypeAlias

from airflow_provider_userattrs._airflow import MappedOperator, XComArg
from airflow_provider_userattrs.operators.literals import from_text
from airflow_provider_userattrs.operators.upstream import SHARDS, is_list, is_shard
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.kinds import kind_of, setting_of
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.push.model.tables import as_dicts
from airflow_provider_userattrs.push.report.sampled_requests import MAX_REQUESTS
from airflow_provider_userattrs.sources.formats import COMPRESSIONS, FORMATS
from airflow_provider_userattrs.sources.handover import is_source_spec
from airflow_provider_userattrs.sources.paths import lost_slash
from airflow_provider_userattrs.sources.source import Source
from airflow_provider_userattrs.sources.sql import is_query
from airflow_provider_userattrs.sources.templates import is_reference
from airflow_provider_userattrs.task.failure import WrongParameter

#: How a path begins that does not depend on the folder a worker runs in.
_ABSOLUTE = re.compile(r"/|(?:file|local):///|(?!(?:file|local):)[\w+.-]+://", re.IGNORECASE)

#: Checks a parameter, given its name and its value.
Check: TypeAlias = Callable[[str, Any], None]

_USERS = "give an upstream task's output, a list of dicts, a source such as SqlRows(...), or the path of a file"

_PATHS = (
    f". A path ends with {', '.join(FORMATS)} in lower case, or with one of these and {', '.join(COMPRESSIONS)}; for "
    "any other, such as the files of a folder, '/folder/*', give FileRows(path, format='csv')"
)


def refuse(name: str, value: Any, remedy: str) -> NoReturn:
    """Raise the error on a parameter, with its name, its value's type and what to give instead.

    :raises WrongParameter: always.
    """
    raise WrongParameter(f"{name} is {setting_of(value)}; {remedy}")


def check_path(name: str, value: Any) -> None:
    """Check a parameter that is a path."""
    if value is not None and (not isinstance(value, str) or not value):
        end = "rejects.jsonl" if name == "rejects_path" else "userattrs"
        refuse(name, value, f"give a path such as 's3://bucket/{end}' or '/data/{end}'")
    if value is not None and (problem := lost_slash(value)):
        refuse(name, value, problem)
    if value is not None and not _ABSOLUTE.match(value):
        end = value.rstrip("/").rpartition("/")[2]
        refuse(
            name,
            value,
            "a relative path leads to the folder that a worker happens to run in, where nobody looks; give the whole "
            f"path, such as '/data/{end}' or 's3://bucket/{end}'",
        )


def check_users(name: str, value: Any) -> None:
    """Check ``users``; a text that is refused is not shown, since it may be personal data."""
    if is_source_spec(value):
        return
    if isinstance(value, type):
        raise WrongParameter(f"{name} is the class {value.__name__}; call it, as in {value.__name__}(...)")
    if isinstance(value, str) and is_query(value):
        raise WrongParameter(f"{name} is a query as text; give SqlRows(query, conn_id=...)")
    if isinstance(value, str):
        raise WrongParameter(f"{name} is a str that does not end as a path does; {_USERS}{_PATHS}")
    if isinstance(value, Mapping):
        raise WrongParameter(
            f"{name} is a dict, one user; give a list of dicts. With .expand(users=...) each element is the list of "
            "one task: expand over lists of users, or give all users to one task without .expand"
        )
    if not (isinstance(value, Source) or is_list(value)):
        dicts = as_dicts(value)
        remedy = _USERS if dicts is None else f"give a list of dicts instead: {dicts}"
        raise WrongParameter(f"{name} is {kind_of(value)}; {remedy}")
    if is_list(value) and any(isinstance(item, Source) for item in value[:100]):
        raise WrongParameter(f"{name} is a list with a source in it; write hand_over(source) for each of them")
    if is_list(value) and value and is_shard(value[0]):
        raise WrongParameter(f"{name} is {SHARDS}")
    if is_list(value) and any(map(is_reference, value[:100])):
        refuse(name, value, "it contains outputs of upstream tasks; join them with output.concat(other)")


def check_age(name: str, value: Any) -> None:
    """Check a parameter that is an age in days."""
    if not isinstance(value, timedelta) or value < timedelta(days=1):
        refuse(name, value, "give a timedelta of a day or more, such as timedelta(days=30)")


def check_shard(name: str, value: Any) -> None:
    """Check which shard of a push this is."""
    if isinstance(value, Shard) or value is None:
        return
    if not isinstance(value, Mapping) or set(value) != {field.name for field in fields(Shard)}:
        refuse(name, value, "give None, or what shards() returns")


def check_reports(name: str, value: Any) -> None:
    """Check the reports of a total."""
    if not is_list(value):
        refuse(name, value, "give the output of the mapped push")


def check_kept(name: str, value: Any) -> None:
    """Check that the tasks keep their output, of which a parameter is made."""
    for operator, key in XComArg.iter_xcom_references(value):
        given = operator.partial_kwargs if isinstance(operator, MappedOperator) else vars(operator)
        if key == "return_value" and given.get("do_xcom_push") is False:
            raise WrongParameter(
                f"{name} is the output of {operator.task_id}, which keeps none; leave out its do_xcom_push=False"
            )


def check_conn_id(name: str, value: Any) -> None:
    """Check a parameter that names a connection."""
    if not isinstance(value, str) or not value:
        refuse(name, value, "give the id of a connection")


def choice(*allowed: str) -> Check:
    """Return the check of a parameter that has a few allowed values."""
    return partial(_check_choice, allowed)


def _check_choice(allowed: Sequence[str], name: str, value: Any) -> None:
    if value not in allowed:
        refuse(name, value, f"use one of {', '.join(map(repr, allowed))}")


#: What checks ``on_empty``.
ON_EMPTY = choice("warn", "fail", "ok")


def check_time_zone(name: str, value: Any) -> None:
    """Check a parameter that names a time zone."""
    if not isinstance(value, str):
        refuse(name, value, "give the zone's IANA name, such as 'Europe/Berlin'")
    try:
        time_zone(value)
    except ValueError as error:
        raise WrongParameter(str(error)) from None


def check_flag(name: str, value: Any) -> None:
    """Check a parameter that is True or False."""
    if not isinstance(value, bool):
        refuse(name, value, "give True or False")


def check_max_failed(name: str, value: Any) -> None:
    """Check how many rows, or what share of them, may fail."""
    if value is not None:
        check_share(
            name,
            value,
            "give a share of the rows, such as 0.05 or '5%' (1.0 is all of them), or a number of rows (int; 1 is one)",
        )


def check_share(name: str, value: Any, remedy: str) -> None:
    """Check a share, as a float from 0.0 to 1.0 or a text such as ``"5%"``, or a number."""
    number = from_text("max_failed", value) if isinstance(value, str) and value.endswith("%") else value
    if (
        isinstance(number, bool)
        or not isinstance(number, (int, float))
        or number < 0
        or (isinstance(number, float) and not number <= 1)
    ):
        refuse(name, value, remedy)


def check_rate_limit(name: str, value: Any) -> None:
    """Check the cap per second."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9):
        refuse(name, value, "give a number over 0, per second, or None for the vendor's documented cap")


def check_concurrency(name: str, value: Any) -> None:
    """Check how many requests may be in flight."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 256:
        refuse(name, value, "give a number of requests in flight (int) from 1 to 256")


def check_sample(name: str, value: Any) -> None:
    """Check how many requests of a dry run are shown."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_REQUESTS:
        refuse(name, value, f"give a number of requests (int) from 0 to {MAX_REQUESTS}")


def check_limit(name: str, value: Any) -> None:
    """Check how many rows are read."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        refuse(name, value, "give a number of rows (int) from 1 on, or None to read all of them")


def nulls_are_skipped(remedy: str) -> Check:
    """Return the check of ``nulls`` where a NULL can only be skipped.

    :param remedy: the reason, and what to give instead.
    """
    return partial(_check_nulls, remedy)


def _check_nulls(remedy: str, name: str, value: Any) -> None:
    _check_choice(("skip", "unset"), name, value)
    if value != "skip":
        refuse(name, value, remedy)


#: The check of ``nulls`` where attributes are removed.
NO_VALUES = nulls_are_skipped("it says what a NULL value means, but this operator sends no values; leave it out")

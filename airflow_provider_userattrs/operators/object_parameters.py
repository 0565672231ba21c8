# SPDX-License-Identifier: Apache-2.0
"""Checks and renders the parameters that are objects with fields of their own: `ChangedOnly` and `PushLog`."""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators.literals import from_text
from airflow_provider_userattrs.operators.parameters import (
    check_conn_id,
    check_flag,
    check_path,
    check_share,
    refuse,
)
from airflow_provider_userattrs.push_log import PushLog, is_schema
from airflow_provider_userattrs.sources.paths import as_text
from airflow_provider_userattrs.sources.templates import is_deferred, render

#: What ``max_removed`` may be.
_SHARE_OF_USERS = (
    "give a share of the users known, such as 0.05 or '5%' (1.0 is all of them), or a number of users (int; 1 is one)"
)


def check_changed_only(name: str, value: Any) -> None:
    """Check how only what changed is sent."""
    if value is None:
        return
    if not isinstance(value, ChangedOnly):
        refuse(name, value, "give ChangedOnly('s3://bucket/known'), or None to send all users")
    if not is_deferred(value.path):
        if value.path is None:
            refuse(f"{name}.path", value.path, "give a folder such as 's3://bucket/known' or '/data/known'")
        check_path(f"{name}.path", value.path)
    if not is_deferred(value.full_refresh):
        check_flag(f"{name}.full_refresh", value.full_refresh)
    if not is_deferred(value.max_removed):
        if value.max_removed is None:
            refuse(f"{name}.max_removed", None, _SHARE_OF_USERS)
        check_share(f"{name}.max_removed", value.max_removed, _SHARE_OF_USERS)


def render_changed_only(given: ChangedOnly, context: Any) -> ChangedOnly:
    """Return what says how only what changed is sent, with its templates rendered.

    :raises WrongParameter: if they render to something else.
    """
    rendered = render(given, context)
    rendered.path = as_text(rendered.path)
    for field in ("full_refresh", "max_removed"):
        setattr(rendered, field, from_text(field, getattr(rendered, field)))
    check_changed_only("changed_only", rendered)
    return rendered


def check_log_to(name: str, value: Any) -> None:
    """Check where verdicts are logged."""
    if value is None:
        return
    if not isinstance(value, PushLog):
        refuse(name, value, "give PushLog('warehouse', schema='airflow'), or None")
    if not is_deferred(value.conn_id):
        check_conn_id(f"{name}.conn_id", value.conn_id)
    if value.schema is not None and not is_deferred(value.schema) and not is_schema(value.schema):
        refuse(f"{name}.schema", value.schema, "give a schema of letters, digits and _, such as 'airflow', or None")


def render_log_to(given: PushLog, context: Any) -> PushLog:
    """Return where verdicts are logged, with its templates rendered.

    :raises WrongParameter: if they render to something else.
    """
    rendered = render(given, context)
    check_log_to("log_to", rendered)
    return rendered

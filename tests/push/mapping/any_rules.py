# SPDX-License-Identifier: Apache-2.0
"""Rules of no vendor, and what a mapper makes of a row by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import Noted, ValueTable, as_is
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

RESERVED = Verdict(Status.INVALID, "reserved", "reserved name", "Rename it.")


TOO_BIG = Verdict(Status.INVALID, "too-big", "number over 1,000", "Send a smaller one.")


NO_USER = Verdict(Status.INVALID, "no-user", "no user", "Name the user.")


def identify(credentials: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    if not isinstance(credentials["id"], (str, int)):
        raise InvalidRow(NO_USER)
    return credentials["id"], (credentials["id"],)


def small(value: int) -> int:
    if value > 1_000:
        raise InvalidRow(TOO_BIG)
    return value


def rules(**named: Any) -> Rules:
    types = ValueTable({str: as_is, int: small, float: lambda value: Noted(str(value), "sent as text"), list: as_is})
    return Rules(
        identify,
        types,
        lambda name: RESERVED if name in ("", "id_") or not isinstance(name, str) else None,
        {name: ValueTable({object: convert}) for name, convert in named.items()},
    )


def either() -> Rules:
    """Have users named by any of several credentials."""
    return replace(rules(), identify=lambda credentials: (credentials, tuple(credentials.items())))


def mapped(row: Any, *, user: dict[str, str] | None = None, rule: Rules | None = None, **options: Any) -> Any:
    """Return what a mapper makes of one row."""
    return Mapper(rule or rules(), user or {"id": "id"}, **options)(7, row)


def updated(made: UserUpdate | Outcome) -> UserUpdate:
    assert isinstance(made, UserUpdate)
    return made


def left_out(made: UserUpdate | Outcome) -> Outcome:
    assert isinstance(made, Outcome)
    return made

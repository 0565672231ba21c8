# SPDX-License-Identifier: Apache-2.0
"""Petrel: what a member's id, an attribute's name and its value may be; the facts of ``vendors/<vendor>/values.py``."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, tzinfo
from typing import Any

from airflow_provider_userattrs.push.mapping.ids import id_text
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import ValueTable, as_is
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

MAX_TEXT = 2_000

NO_ID = Verdict(Status.INVALID, "member-id", "member_id is no text", "Name the member by its id.")
TOO_LONG = Verdict(Status.INVALID, "value-too-long", f"text over {MAX_TEXT:,} characters", "Shorten the value.")
NO_NAME = Verdict(Status.INVALID, "attribute-name", "attribute has no name", "Give the column a name.")


def rules(zone: tzinfo) -> Rules:
    """Return the rules for both operations; Petrel has days and no times.

    :param zone: where naive datetimes are from.
    """
    return Rules(identify, ValueTable({str: _text, bool: as_is, int: as_is, date: date.isoformat}), check_name)


def identify(credentials: dict[str, Any]) -> tuple[str, tuple[Hashable, ...]]:
    """Return a member's id as it is written, and as it is compared: its case does not count.

    :raises InvalidRow: if it is none.
    """
    (value,) = credentials.values()
    member = None if value is None else id_text(value)
    if not member:
        raise InvalidRow(NO_ID)
    return member, (member.casefold(),)


def check_name(name: Any) -> Verdict | None:
    """Return the verdict on an attribute's name, or None."""
    return None if isinstance(name, str) and name else NO_NAME


def _text(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise InvalidRow(TOO_LONG)
    return value

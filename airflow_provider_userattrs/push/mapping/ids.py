# SPDX-License-Identifier: Apache-2.0
"""The ids that name users: which values are ids, and which ids are odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.mapping.numbers import as_integer
from airflow_provider_userattrs.push.mapping.scalars import check_missing, plain
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Verdict

#: Texts that programs write for a missing value, in lower case.
_MISSING_TEXTS = frozenset(
    {"nan", "nat", "na", "n/a", "#n/a", "<na>", "null", "(null)", "<null>", "none", "nil", "undefined"}
    | {"\\n", '""', "''", "(empty)"}
)
MAX_MISSING_LENGTH = max(map(len, _MISSING_TEXTS))

# Notes.
WHITESPACE_AROUND = "id with leading or trailing whitespace"
LIKE_MISSING = "id that looks like a missing value"
FROM_FLOAT = "floating-point number sent as an integer"


def id_text(value: Any) -> str | None:
    """Return an id as text, or None if the value cannot be an id: text, UUIDs and whole numbers can.

    :raises InvalidRow: if the value is missing, or a float so large that it may have been another integer.
    """
    if isinstance(value, Enum):
        value = plain(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    number = as_integer(value)
    return None if number is None else _digits(number)


def required_id(value: Any, missing: Verdict, not_an_id: Verdict) -> str:
    """Return an id as text.

    :param value: the value.
    :param missing: the verdict if there is none.
    :param not_an_id: the verdict on a value of a type that cannot be an id; the type's name is added.
    :raises InvalidRow: with one of them, or for a float so large that it may have been another integer.
    """
    if value is None or check_missing(value):
        raise InvalidRow(missing)
    text = id_text(value)
    if text is None:
        raise wrong_type(not_an_id, value)
    return text


def _digits(number: int) -> str | None:
    try:
        return str(number)
    except ValueError:  # Python writes no more than 4,300 digits
        return None


def id_note(text: str) -> str | None:
    """Return a note on an id that is odd, or None; the id is sent as it is."""
    if text.strip() != text:
        return WHITESPACE_AROUND
    return LIKE_MISSING if len(text) <= MAX_MISSING_LENGTH and text.lower() in _MISSING_TEXTS else None


def are_texts(values: Sequence[Any], shortest: int = 1) -> bool:
    """Tell whether ids are all texts, and none is odd.

    :param values: the ids.
    :param shortest: the characters that each has at least.
    """
    if set(map(type, values)) != {str} or min(map(len, values)) < shortest:
        return False
    return tuple(map(str.strip, values)) == tuple(values) and _MISSING_TEXTS.isdisjoint(map(str.lower, values))


def wrong_type(verdict: Verdict, value: Any) -> InvalidRow:
    """Return the error for a value whose type cannot be an id: a verdict, with the type's name added."""
    return InvalidRow(replace(verdict, meaning=f"{verdict.meaning}; the value is of type {type(value).__name__}"))

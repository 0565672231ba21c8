# SPDX-License-Identifier: Apache-2.0
"""Values that a database driver cannot convert: each makes its own row `invalid`, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

UNREADABLE = Verdict(
    Status.INVALID,
    "unreadable",
    "value that Python cannot represent, such as infinity, a year beyond 9999 or a time beyond 24 hours",
    "Fix the value, or convert it to NULL or text in the query.",
)


class Unreadable:
    """Stands in for a value that the driver cannot convert.

    :param text: the value, as the database writes it.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def readable(value: Any) -> Any:
    """Return a value unchanged.

    :raises InvalidRow: if it is, or holds, `Unreadable`.
    """
    if type(value) is Unreadable or (type(value) is list and any(type(item) is Unreadable for item in value)):
        raise InvalidRow(UNREADABLE)
    return value


def or_unreadable(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap a driver's loader of a cell, so that it returns `Unreadable` instead of raising."""

    def loaded(raw: Any) -> Any:
        try:
            return None if raw is None else load(raw)
        except Exception:  # a loader may raise anything
            return Unreadable(bytes(raw).decode("utf-8", "backslashreplace"))

    return loaded

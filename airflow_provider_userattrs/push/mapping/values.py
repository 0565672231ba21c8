# SPDX-License-Identifier: Apache-2.0
"""From a value's type to its converter.

Each vendor has one table of them. A converter returns the value to send, or raises `InvalidRow`. A value whose form
changes, though not its meaning, comes back as `Noted`, so that the report can say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn, TypeAlias

from airflow_provider_userattrs.push.mapping.scalars import (
    MISSING_MARKERS,
    NOT_A_VALUE,
    check_missing,
    is_foreign,
    plain,
)
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

Convert: TypeAlias = Callable[[Any], Any]

#: Converts values of one type, none of them NULL, as its converter converts each; None if it cannot tell, as where one
#: is odd.
ConvertMany: TypeAlias = "Callable[[Sequence[Any]], Bulk | None]"

NULL_IN_LIST = Verdict(
    Status.INVALID,
    "null-in-list",
    "list with a missing element (NULL, NaN, NaT or NA)",
    "Leave missing elements out of the list.",
)
UNCONVERTIBLE = Verdict(Status.INVALID, "unconvertible", "value cannot be converted", "Convert the value upstream.")


class Noted:
    """A converted value, and a note on it.

    :param value: the value to send.
    :param note: what changed or is odd about it, in a few words.
    :param attribute: the attribute or credential the note is about; None for the attribute the value belongs to.
    """

    __slots__ = ("attribute", "note", "value")

    def __init__(self, value: Any, note: str, attribute: str | None = None) -> None:
        self.value = value
        self.note = note
        self.attribute = attribute


class Bulk(NamedTuple):
    """Converted values.

    :param values: the values to send.
    :param note: what changed about some of them.
    :param noted: their indexes.
    """

    values: Sequence[Any]
    note: str = ""
    noted: Sequence[int] = ()


def unchanged(are_fit: Callable[[Sequence[Any]], bool]) -> ConvertMany:
    """Return what converts many values by leaving them as they are.

    :param are_fit: whether all of many values certainly can be sent.
    """
    return lambda values: Bulk(values) if are_fit(values) else None


def each(convert: Convert) -> ConvertMany:
    """Return what converts many values by a converter that refuses and notes no value.

    :param convert: converts a value.
    """
    return lambda values: Bulk(list(map(convert, values)))


class Unread:
    """Stands in for a value that could not be read from its row."""


class LibraryFloat:
    """The key, in a table, for floats of numeric libraries, which may have four or two bytes."""


class ValueTable(dict[type, Convert]):
    """Type -> converter; a type that is not listed is served by the nearest one that is.

    :param types: type -> converter. The one for `LibraryFloat` receives such floats unchanged: up to which number they
        are exact integers depends on their size.
    :param takes: a clause on the types that the vendor takes, for the verdict on all others.
    :param many: type -> converter of many values, where that is faster than each by itself.
    """

    def __init__(
        self, types: Mapping[type, Convert], takes: str = "", many: Mapping[type, ConvertMany] | None = None
    ) -> None:
        super().__init__(types)
        self.many = dict(many or {})
        self._takes = takes
        self._listed = frozenset(types)

    def __missing__(self, kind: type) -> Convert:
        convert = self[kind] = self._nearest(kind)
        return convert

    def _nearest(self, kind: type) -> Convert:
        if kind is Unread:
            return invalid(UNCONVERTIBLE)
        if kind.__name__ in MISSING_MARKERS:
            return invalid(NOT_A_VALUE)
        if is_foreign(kind):
            return self._convert_foreign
        fallback: Convert = self.get(object) or unsupported_type(kind, self._takes)
        if issubclass(kind, datetime):
            return unless_missing(self.get(datetime, fallback))
        for base in kind.__mro__[:-1]:
            if base in self._listed:  # not one that was found in this way itself
                return self[base]
        return unless_missing(fallback) if issubclass(kind, (float, Decimal)) else fallback

    def _convert_foreign(self, value: Any) -> Any:
        """Convert a value by its counterpart among Python's own types, if it has one."""
        known = plain(value)
        kind = type(known)
        if kind is float and LibraryFloat in self:
            return self[LibraryFloat](value)
        if kind is not type(value):
            return self[kind](known)
        return unless_missing(self.get(object) or unsupported_type(kind, self._takes))(value)


def unless_missing(convert: Convert) -> Convert:
    """Return a converter that refuses missing values by name."""

    def checked(value: Any) -> Any:
        verdict = check_missing(value)
        if verdict is not None:
            raise InvalidRow(verdict)
        return convert(value)

    return checked


def elements(values: Sequence[Any]) -> list[Any]:
    """Return the elements of a list as Python's own types.

    :raises InvalidRow: if one is missing.
    """
    if any(value is None or check_missing(value) for value in values):
        raise InvalidRow(NULL_IN_LIST)
    return [plain(value) for value in values]


def as_is(value: Any) -> Any:
    """Return the value unchanged."""
    return value


def invalid(verdict: Verdict) -> Convert:
    """Return a converter to which every value is invalid.

    :param verdict: the verdict on the row.
    """

    def convert(_: Any) -> NoReturn:
        raise InvalidRow(verdict)

    return convert


def unsupported_type(kind: type, takes: str = "") -> Convert:
    """Return a converter that refuses every value, by the name of its type.

    :param kind: the type.
    :param takes: a clause on the types that can be sent.
    """
    remedy = "convert the value upstream, or leave the attribute out."
    return invalid(
        Verdict(
            Status.INVALID,
            "type",
            f"value of type {kind.__name__}",
            f"{takes}; {remedy}" if takes else f"{remedy[0].upper()}{remedy[1:]}",
        )
    )

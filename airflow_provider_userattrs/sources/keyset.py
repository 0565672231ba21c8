# SPDX-License-Identifier: Apache-2.0
"""The key a query is read by: how it is kept as JSON, and what it must keep to so that reading can go on from it."""

from __future__ import annotations

import base64
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from airflow_provider_userattrs.push.errors import RefusedConfiguration

#: type -> its name in a place, how it is written, how it is read back. A subclass comes before its class.
_TYPES: tuple[tuple[type, str, Any, Any], ...] = (
    (int, "int", int, int),
    (str, "str", str, str),
    (UUID, "uuid", str, UUID),
    (datetime, "datetime", datetime.isoformat, datetime.fromisoformat),
    (date, "date", date.isoformat, date.fromisoformat),
    (Decimal, "decimal", str, Decimal),
    (bytes, "bytes", lambda key: base64.b64encode(key).decode("ascii"), base64.b64decode),
)

#: Types whose order in Python is that of every database; text and UUIDs are each database's own affair.
_ORDERED = ("int", "datetime", "date", "decimal")


def encode_key(key: Any) -> list[Any]:
    """Return a key as JSON, with the name of its type.

    :raises RefusedConfiguration: if JSON cannot hold it exactly.
    """
    if not isinstance(key, bool) and not (isinstance(key, Decimal) and not key.is_finite()):
        for kind, name, write, _ in _TYPES:
            if isinstance(key, kind):
                return [name, write(key)]
    raise RefusedConfiguration(
        f"key holds a {'NULL' if key is None else type(key).__name__}; give a column that is never NULL and holds "
        "integers, text, UUIDs, dates, timestamps or decimals"
    )


def decode_key(place: Any) -> Any:
    """Return the key of a place.

    :raises RefusedConfiguration: if it is no place.
    """
    try:
        name, text = place
        return next(read for _, known, _, read in _TYPES if known == name)(text)
    except (ValueError, TypeError, StopIteration, ArithmeticError):
        raise RefusedConfiguration("after is no place of this source; start at the first row") from None


class KeyWatch:
    """See to it that a key rises from row to row.

    :param column: the key's name, for errors.
    :param last: the last key read before; None at the first row.
    """

    def __init__(self, column: str, last: Any = None) -> None:
        self._column = column
        self.last = last
        self._kind: type | None = None if last is None else type(last)
        self._name = "" if last is None else encode_key(last)[0]

    def passes(self, key: Any) -> bool:
        """Take the next row's key and tell whether the place before it is one to go on from.

        :raises RefusedConfiguration: if the key is NULL, repeats, goes backwards or is of no fit type.
        """
        last, self.last = self.last, key
        if type(key) is not self._kind:
            name = encode_key(key)[0]
            if last is not None:
                self._refuse("holds values of more than one type")
            self._kind, self._name = type(key), name
        if last is None:
            return False
        if key == last:
            self._refuse("has a value twice, and a retry would lose rows")
        if self._name in _ORDERED:
            try:
                backwards = key < last
            except (TypeError, ArithmeticError):  # a timestamp with a zone beside one without; no number
                self._refuse("holds values that have no order")
            if backwards:
                self._refuse("goes backwards")
        # A collation may take two texts for the same; no place is put between such.
        return self._name != "str" or _fold(key) != _fold(last)

    def _refuse(self, what: str) -> NoReturn:
        raise RefusedConfiguration(f"key {self._column!r} {what}; give a column that is unique and never NULL")


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()

# SPDX-License-Identifier: Apache-2.0
"""What the key a query is read by must keep to, so that reading can go on from it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from operator import eq, lt
from typing import Any, NoReturn

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.keys import encode_key

#: Types whose order in Python is that of every database; text and UUIDs are each database's own affair.
_ORDERED = ("int", "datetime", "date", "decimal")


class KeyWatch:
    """See to it that a key rises from row to row.

    :param column: the key's name, for errors.
    :param kind: the type of the keys an earlier try read; None if none did.
    """

    def __init__(self, column: str, kind: type | None = None) -> None:
        self._column = column
        self._kind = kind
        self._name = ""
        self._last: list[Any] = []
        self._last_folded: list[str] = []

    def pass_all(self, keys: Sequence[Any]) -> list[int]:
        """Take the keys of the next rows; return which of them the database may take for the same as the one before.

        :raises RefusedConfiguration: if a key is NULL, repeats, goes backwards or is of no fit type.
        """
        self._check_types(keys)
        before = [*self._last, *keys[:-1]]
        following = keys if self._last else keys[1:]
        self._last = [keys[-1]]
        if any(map(eq, before, following)):
            self._refuse("has a value twice, and a retry would lose rows")
        if self._name in _ORDERED:
            try:
                backwards = any(map(lt, following, before))
            except (TypeError, ArithmeticError):  # a timestamp with a zone beside one without
                self._refuse("holds values that have no order")
            if backwards:
                self._refuse("goes backwards")
        if self._name != "str":
            return []
        folded = [key.lower().strip() if key.isascii() else _fold(key) for key in keys]
        same = map(eq, [*self._last_folded, *folded], folded[not self._last_folded :])
        alike = [number + (not self._last_folded) for number, is_same in enumerate(same) if is_same]
        self._last_folded = [folded[-1]]
        return alike

    def _check_types(self, keys: Sequence[Any]) -> None:
        if set(map(type, keys)) != {self._kind} or not self._name or self._name == "decimal":
            for key in keys:
                name = encode_key(key)[0]
                if self._kind is not None and type(key) is not self._kind:
                    self._refuse("holds values of more than one type")
                self._kind, self._name = type(key), name

    def _refuse(self, what: str) -> NoReturn:
        raise RefusedConfiguration(f"key {self._column!r} {what}; give a column that is unique and never NULL")


def alike_at_end(keys: Sequence[Any]) -> tuple[Any, ...]:
    """Return the last key, with those before it that a database may take for the same.

    :param keys: keys in their order, at least one.
    """
    start = len(keys) - 1
    while start and isinstance(keys[start], str) and _fold(keys[start - 1]) == _fold(keys[start]):
        start -= 1
    return tuple(keys[start:])


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()

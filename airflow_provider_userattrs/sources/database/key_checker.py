# SPDX-License-Identifier: Apache-2.0
"""Checks that the keys of a query are unique and in order, so that reading can be resumed from any of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import eq, lt
from typing import Any, NoReturn

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.keys import encode_key, may_be_equal

#: Types that Python orders as every database does. The order of text and UUIDs depends on the database.
_ORDERED = ("int", "datetime", "date", "decimal")


class KeyChecker:
    """Checks that a key rises from row to row.

    :param column: the key's name, for errors.
    :param kind: the type of the keys that an earlier try read; None if there was none.
    """

    def __init__(self, column: str, kind: type | None = None) -> None:
        self._column = column
        self._kind = kind
        self._name = ""
        self._last: list[Any] = []

    def check(self, keys: Sequence[Any]) -> None:
        """Check the keys of the next rows.

        :raises RefusedConfiguration: if a key is NULL, not unique, not in order or of an unsupported type.
        """
        self._check_types(keys)
        before = [*self._last, *keys[:-1]]
        following = keys if self._last else keys[1:]
        self._last = [keys[-1]]
        if any(map(eq, before, following)):
            self._refuse("has a value twice, so a retry would lose rows")
        if self._name in _ORDERED:
            try:
                backwards = any(map(lt, following, before))
            except (TypeError, ArithmeticError):  # timestamps with and without a zone
                self._refuse("has values that cannot be compared")
            if backwards:
                self._refuse("goes backwards")

    def _check_types(self, keys: Sequence[Any]) -> None:
        if set(map(type, keys)) != {self._kind} or not self._name or self._name == "decimal":
            for key in keys:
                name = encode_key(key)[0]
                if self._kind is not None and type(key) is not self._kind:
                    self._refuse("has values of more than one type")
                self._kind, self._name = type(key), name

    def _refuse(self, problem: str) -> NoReturn:
        raise RefusedConfiguration(f"key {self._column!r} {problem}; give a column that is unique and never NULL")


def alike_at_end(keys: Sequence[Any]) -> tuple[Any, ...]:
    """Return the last key, and those just before it that a database may consider equal.

    :param keys: keys in their order, at least one.
    """
    start = len(keys) - 1
    while start and may_be_equal(keys[start - 1], keys[start]):
        start -= 1
    return tuple(keys[start:])

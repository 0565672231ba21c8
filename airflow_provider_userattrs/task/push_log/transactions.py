# SPDX-License-Identifier: Apache-2.0
"""Transactions in the SQL that databases have in common, run again where another transaction was in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from airflow_provider_userattrs.sources.database import drivers

T = TypeVar("T")

#: How often a transaction is tried: another may have locked its lines, or the connection may be lost.
_ATTEMPTS = 3

#: Placeholders in one statement; SQLite before 3.32 takes 999 (https://www.sqlite.org/limits.html).
MAX_PLACEHOLDERS = 900


class Transaction:
    """The statements of one transaction; a value's placeholder is a question mark.

    :param cursor: the driver's.
    :param placeholder: the driver's.
    """

    def __init__(self, cursor: Any, placeholder: str) -> None:
        self._cursor = cursor
        self._placeholder = placeholder

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""
        if values:
            self._cursor.execute(sql.replace("?", self._placeholder), tuple(values))
        else:
            self._cursor.execute(sql)

    def select(self, sql: str, values: Sequence[Any] = ()) -> list[Sequence[Any]]:
        """Return the rows of a query."""
        self.execute(sql, values)
        rows: list[Sequence[Any]] = self._cursor.fetchall()
        return rows

    def insert(self, table: str, columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
        """Insert lines, many in one statement."""
        at_once = MAX_PLACEHOLDERS // len(columns)
        one = f"({', '.join('?' * len(columns))})"
        into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
        for start in range(0, len(lines), at_once):
            some = lines[start : start + at_once]
            self.execute(into + ", ".join([one] * len(some)), [value for line in some for value in line])


class Connection:
    """A connection that is opened when it is needed, and again when it is lost.

    :param hook: Airflow's hook, a ``DbApiHook``.
    """

    def __init__(self, hook: Any) -> None:
        self._hook = hook
        self._connection: Any = None

    @property
    def driver(self) -> str:
        """Return the top-level package of the driver."""
        return drivers.driver(self._opened())

    def run(self, statements: Callable[[Transaction], T]) -> T:
        """Run statements in a transaction, again over another connection if they fail; return what they return."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self.run_once(statements)
            except Exception:  # each driver has its own exceptions
                self.close()
        return self.run_once(statements)

    def run_once(self, statements: Callable[[Transaction], T]) -> T:
        """Run statements in a transaction, and return what they return."""
        connection = self._opened()
        cursor = connection.cursor()
        try:
            result = statements(Transaction(cursor, self._hook.placeholder))
            connection.commit()
        except BaseException:
            with suppress(Exception):
                connection.rollback()
            raise
        finally:
            with suppress(Exception):
                cursor.close()
        return result

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            drivers.close(connection, None)

    def _opened(self) -> Any:
        if self._connection is None:
            connection = self._connection = self._hook.get_conn()
            if getattr(self._hook, "supports_autocommit", False):
                self._hook.set_autocommit(connection, False)
        return self._connection

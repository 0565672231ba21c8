# SPDX-License-Identifier: Apache-2.0
"""What a try reads from the tables of a log, and writes to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from airflow_provider_userattrs.task.push_log import tables
from airflow_provider_userattrs.task.push_log.latest import Latest, latest_of
from airflow_provider_userattrs.task.push_log.lines import Line
from airflow_provider_userattrs.task.push_log.tables import LATEST, ROWS, RUNS, Names
from airflow_provider_userattrs.task.push_log.transactions import MAX_PLACEHOLDERS, Connection, Transaction
from airflow_provider_userattrs.task.push_log.values import as_moment, cut, moment

#: Users read at once.
_USERS = 10_000

#: Table -> the column by which its lines grow old.
_AGES = {"userattrs_runs": "started_at", "userattrs_rows": "recorded_at", "userattrs_latest": "recorded_at"}


class LogDatabase:
    """Reads and writes the tables for one try; all of it in the thread that first uses it.

    :param hook: the connection's, a ``DbApiHook``.
    :param schema: the schema of the tables, or None.
    :param owner: the columns that say which try it is, with their values.
    :param identify: whether users' ids are written.
    """

    def __init__(self, hook: Any, schema: str | None, owner: dict[str, Any], *, identify: bool) -> None:
        self._connection = Connection(hook)
        self._name = Names(schema)
        self._owner = {name: cut(name, value) if isinstance(value, str) else value for name, value in owner.items()}
        self._task: tuple[Any, ...] = (self._owner["dag_id"], self._owner["task_id"])
        self._identify = identify
        self._line_number = 0

    def open(self) -> None:
        """Make the tables, or bring them to this version."""
        steps = tables.migrations(self._name, self._connection.driver)
        version = self._version()
        if version < len(steps):
            self._connection.run(lambda transaction: self._migrate(transaction, steps[version:], len(steps)))

    def begin(self, started: float, unfinished: Sequence[tuple[int, int | None]]) -> None:
        """Write that the try has begun, and delete what earlier ones have logged of rows that it pushes again.

        :param started: when, in seconds after 1970.
        :param unfinished: the first position, and that after the last or None, of each span of these rows.
        """
        line = {**self._owner, "state": "running", "started_at": moment(started)}
        self._connection.run(lambda transaction: self._begin(transaction, line, unfinished))

    def failing(self) -> Iterator[str]:
        """Yield the digests of users who failed at last in this task."""
        sql = (
            f"SELECT user_digest FROM {self._name('userattrs_latest')} WHERE dag_id = ? AND task_id = ? "
            f"AND failing_since IS NOT NULL AND user_digest > ? ORDER BY user_digest LIMIT {_USERS}"
        )
        last = ""
        while found := self._connection.run(lambda transaction: transaction.select(sql, (*self._task, last))):  # noqa: B023  run at once
            for (digest,) in found:
                last = str(digest)
                yield last

    def write(self, lines: Sequence[Line]) -> None:
        """Write lines: on the rows, and on their users' last verdicts."""
        first = self._line_number
        self._line_number += len(lines)
        self._connection.run(lambda transaction: self._write(transaction, lines, first))

    def end(self, line: dict[str, Any], expected: int, lost: int) -> int:
        """Write how the try has ended; return how many lines of the push are missing.

        :param line: the columns with their values.
        :param expected: how many rows of the push should have a line; a try that was killed may have left some out.
        :param lost: how many lines this try has lost.
        """
        return self._connection.run(lambda transaction: self._end(transaction, line, expected, lost))

    def forget(self, before: float) -> None:
        """Delete the task's lines from before a time, in seconds after 1970."""
        for table, column in _AGES.items():
            sql = f"DELETE FROM {self._name(table)} WHERE dag_id = ? AND task_id = ? AND {column} < ?"
            values = (*self._task, moment(max(0.0, before)))
            self._connection.run(lambda transaction: transaction.execute(sql, values))  # noqa: B023  run at once

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _version(self) -> int:
        """Return the version of the tables; 0 if there are none."""
        sql = f"SELECT MAX(version) FROM {self._name('userattrs_version')}"
        try:
            ((version,),) = self._connection.run_once(lambda transaction: transaction.select(sql))
        except Exception:  # each database has its own error for a missing table; any other error will come again
            return 0
        return int(version or 0)

    def _migrate(self, transaction: Transaction, steps: Sequence[Sequence[str]], version: int) -> None:
        for statement in chain.from_iterable(steps):
            transaction.execute(statement)
        name = self._name("userattrs_version")
        transaction.execute(f"DELETE FROM {name}")
        transaction.insert(name, ("version",), [(version,)])

    def _begin(
        self, transaction: Transaction, line: dict[str, Any], unfinished: Sequence[tuple[int, int | None]]
    ) -> None:
        runs, rows = self._name("userattrs_runs"), self._name("userattrs_rows")
        push, number = self._owner["push_id"], self._owner["try_number"]
        transaction.execute(f"UPDATE {runs} SET state = ? WHERE push_id = ? AND state = ?", ("killed", push, "running"))
        for table in (runs, rows):
            transaction.execute(f"DELETE FROM {table} WHERE push_id = ? AND try_number = ?", (push, number))
        transaction.insert(runs, tuple(line), [tuple(line.values())])
        for first, end in unfinished:
            until = "" if end is None else " AND row_position < ?"
            values = (push, first) if end is None else (push, first, end)
            transaction.execute(f"DELETE FROM {rows} WHERE push_id = ? AND row_position >= ?{until}", values)
        if unfinished:
            transaction.execute(f"DELETE FROM {rows} WHERE push_id = ? AND row_position IS NULL", (push,))
        # Digests with an earlier key are nobody's any more.
        transaction.execute(
            f"DELETE FROM {self._name('userattrs_latest')} WHERE dag_id = ? AND task_id = ? AND key_check <> ?",
            (*self._task, self._owner["key_check"]),
        )

    def _end(self, transaction: Transaction, line: dict[str, Any], expected: int, lost: int) -> int:
        push, number = self._owner["push_id"], self._owner["try_number"]
        rows = self._name("userattrs_rows")
        ((there,),) = transaction.select(
            f"SELECT COUNT(*) FROM {rows} WHERE push_id = ? AND row_position IS NOT NULL", (push,)
        )
        missing = max(expected - int(there), lost)
        line = {**line, "lines_lost": missing}
        columns = [name for name in RUNS if name in line]
        values = [cut(name, value) if isinstance((value := line[name]), str) else value for name in columns]
        changes = ", ".join(f"{name} = ?" for name in columns)
        transaction.execute(
            f"UPDATE {self._name('userattrs_runs')} SET {changes} WHERE push_id = ? AND try_number = ?",
            (*values, push, number),
        )
        return missing

    def _write(self, transaction: Transaction, lines: Sequence[Line], first: int) -> None:
        # Transactions come one after the other: two at once would each write a line for the same user.
        transaction.execute(f"UPDATE {self._name('userattrs_version')} SET version = version")
        rows = [self._row(line, number) for number, line in enumerate(lines, first) if line.is_row]
        transaction.insert(self._name("userattrs_rows"), ROWS, rows)
        users: dict[str, list[Line]] = {}
        for line in lines:
            if line.digest is not None and line.fails is not None:
                users.setdefault(line.digest, []).append(line)
        digests = list(users)
        at_once = MAX_PLACEHOLDERS // len(LATEST)
        for start in range(0, len(digests), at_once):
            self._replace_latest(transaction, {digest: users[digest] for digest in digests[start : start + at_once]})

    def _replace_latest(self, transaction: Transaction, users: dict[str, list[Line]]) -> None:
        """Replace the last verdicts of some users: no database has the same statement for a line that may be there."""
        table = self._name("userattrs_latest")
        where = f"WHERE dag_id = ? AND task_id = ? AND user_digest IN ({', '.join('?' * len(users))})"
        values = (*self._task, *users)
        found = transaction.select(
            f"SELECT user_digest, status, code, attribute, since, failing_since FROM {table} {where}", values
        )
        before = {
            digest: Latest(status, code or "", attribute, as_moment(since) or "", as_moment(failing_since))
            for digest, status, code, attribute, since, failing_since in found
        }
        transaction.execute(f"DELETE FROM {table} {where}", values)
        made = [self._latest(latest_of(before.get(digest), lines), lines[-1]) for digest, lines in users.items()]
        transaction.insert(table, LATEST, made)

    def _row(self, line: Line, number: int) -> tuple[Any, ...]:
        values = {
            **self._owner,
            **self._columns(line),
            "line_number": number,
            "row_position": line.position,
            "status": line.verdict.status.value,
            "code": cut("code", line.verdict.code),
            "attribute": cut("attribute", line.verdict.attribute),
            "request_id": cut("request_id", line.verdict.request_id) or None,
        }
        return tuple(values[column] for column in ROWS)

    def _latest(self, latest: Latest, last: Line) -> tuple[Any, ...]:
        values = {**self._owner, **self._columns(last), **latest._asdict()}
        return tuple(values[column] for column in LATEST)

    def _columns(self, line: Line) -> dict[str, Any]:
        return {
            "user_digest": line.digest,
            "user_id": cut("user_id", line.user) if self._identify else None,
            "reason": cut("reason", line.verdict.meaning),
            "recorded_at": moment(line.at),
        }

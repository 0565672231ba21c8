# SPDX-License-Identifier: Apache-2.0
"""Writes the lines of a log in a thread of its own, so that a database that is slow or hangs does not hold up a push.

Lines wait for it in memory, up to a number of them. How long the push waits for the database is bounded: until the
tables are ready, while there is no room for another line, and at the end. After that nothing more is written, and the
lines that were not are counted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from threading import Condition, Thread
from typing import Any, Protocol

from airflow_provider_userattrs.sources.database.errors import describe
from airflow_provider_userattrs.task.push_log.lines import Line

#: Seconds that a push waits for the database: until it is ready, for room for another line, for the last lines, and for
#: all of these once the task was told to stop.
PATIENCE_TO_BEGIN = 20.0
PATIENCE_FOR_ROOM = 10.0
PATIENCE_TO_END = 30.0
PATIENCE_WHEN_STOPPED = 3.0

#: Lines that wait in memory at most, and those written at once.
MAX_WAITING = 20_000
BATCH = 1_000

#: Batches in a row that may fail before nothing more is written.
_MAX_FAILURES = 3

#: What is done in the thread -> what is said if it fails, and what to do about it.
_FAILED = {
    "open": ("its tables cannot be opened", "check the connection, and what its user may do"),
    "tidy": ("lines older than keep cannot be deleted", "check that its user may delete, and see the database's log"),
    "write": ("lines cannot be written", "check its user's privileges and its space, and see the database's log"),
    "end": ("how the try ended cannot be written", "see the database's log"),
}

#: Why lines are missing that this try did not lose.
EARLIER = "an earlier try ended before it had written them"

#: Seconds between two looks at whether the task was told to stop.
_LOOK_EVERY = 0.25


class Database(Protocol):
    """What the thread writes to."""

    def open(self) -> None:
        """Make the tables ready."""

    def write(self, lines: Sequence[Line]) -> None:
        """Write lines."""

    def end(self, line: dict[str, Any], expected: int, lost: int) -> int:
        """Write how the try has ended; return how many lines of the push are missing."""

    def close(self) -> None:
        """Close the connection."""


class LogWriter:
    """Writes lines in a thread.

    :param database: where to; used in the thread alone.
    :param prepare: done in the thread before the first line is written, while the push waits.
    :param tidy: done in the thread after that, while the push goes on.
    :param is_stopping: returns whether the task was told to stop.
    """

    def __init__(
        self,
        database: Database,
        *,
        prepare: Callable[[], None],
        tidy: Callable[[], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        #: Lines that were written, and those that were not.
        self.written = 0
        self.lost = 0
        #: Why lines were not written, without any row's data; None if all were.
        self.why: str | None = None
        self._database = database
        self._prepare = prepare
        self._tidy = tidy
        self._is_stopping = is_stopping
        self._waiting: deque[Line] = deque()
        self._in_hand = 0
        self._end: tuple[dict[str, Any], int] | None = None
        #: Whether the tables are ready, and what was read from them.
        self.is_ready = False
        self._is_over = self._has_given_up = False
        self._condition = Condition()
        self._thread = Thread(target=self._run, name="userattrs-push-log", daemon=True)

    def start(self) -> None:
        """Start the thread, and wait until the database is ready."""
        self._thread.start()
        with self._condition:
            if not self._wait(lambda: self.is_ready or self._is_over, PATIENCE_TO_BEGIN):
                self._give_up(f"the database did not answer within {PATIENCE_TO_BEGIN:g} s")

    def put(self, lines: Sequence[Line]) -> None:
        """Have lines written; if there is no room for them, and there is none in time, they are lost."""
        with self._condition:
            if not self._has_given_up and len(self._waiting) + len(lines) > max(MAX_WAITING, len(lines)):
                room = max(MAX_WAITING - len(lines), 0)
                if not self._wait(lambda: len(self._waiting) <= room or self._has_given_up, PATIENCE_FOR_ROOM):
                    self._give_up(f"the database took no line for {PATIENCE_FOR_ROOM:g} s")
            if self._has_given_up:
                self.lost += len(lines)
                return
            self._waiting.extend(lines)
            self._condition.notify_all()

    def close(self, end: dict[str, Any], expected: int) -> None:
        """Write what is left, and how the try has ended.

        :param end: the columns of that line.
        :param expected: how many rows of the push should have a line, over all tries.
        """
        with self._condition:
            if self._has_given_up or self._thread.ident is None:
                return
            self._end = (end, expected)
            self._condition.notify_all()
            if not self._wait(lambda: self._is_over, PATIENCE_TO_END):
                self._give_up("the database did not take the last lines in time")

    def _wait(self, is_so: Callable[[], bool], patience: float) -> bool:
        """Wait until something is so; return whether it is."""
        started = time.monotonic()
        while not is_so():
            limit = min(patience, PATIENCE_WHEN_STOPPED) if self._is_stopping() else patience
            left = started + limit - time.monotonic()
            if left <= 0:
                return False
            self._condition.wait(min(left, _LOOK_EVERY))
        return True

    def _give_up(self, why: str) -> None:
        """Write nothing more. What the thread has in hand may still arrive, and is counted as lost."""
        self._has_given_up = True
        self.why = self.why or why
        self.lost += len(self._waiting) + self._in_hand
        self._waiting.clear()
        self._condition.notify_all()

    def _run(self) -> None:
        try:
            self._database.open()
            self._prepare()
            with self._condition:
                if self._has_given_up:
                    return
                self.is_ready = True
                self._condition.notify_all()
            self._note("tidy", self._try(self._tidy))
            self._write_all()
        except Exception as error:
            with self._condition:
                if not self._has_given_up:
                    self._give_up(_why("open", error))
        finally:
            self._database.close()
            with self._condition:
                self._is_over = True
                self._condition.notify_all()

    def _write_all(self) -> None:
        failures = 0
        while (lines := self._next()) is not None:
            error = self._try(partial(self._database.write, lines))
            with self._condition:
                self._in_hand = 0
                if self._has_given_up:
                    return
                if error is None:
                    self.written += len(lines)
                else:
                    self.lost += len(lines)
                    self._note("write", error)
                failures = 0 if error is None else failures + 1
                if failures == _MAX_FAILURES:
                    self._give_up(self.why or "")
                    return
                self._condition.notify_all()
        if self._end is not None and not self._has_given_up:
            self._note("end", self._try(partial(self._write_end, *self._end)))

    def _write_end(self, line: dict[str, Any], expected: int) -> None:
        missing = self._database.end(line, expected, self.lost)
        with self._condition:
            if missing > self.lost and not self._has_given_up:
                self.lost = missing
                self.why = self.why or EARLIER

    def _next(self) -> list[Line] | None:
        """Return the next lines, as soon as there are some; None after the last."""
        with self._condition:
            while not (self._waiting or self._end is not None or self._has_given_up):
                self._condition.wait()
            if self._has_given_up or not self._waiting:
                return None
            lines = list(islice(self._waiting, BATCH))
            for _ in lines:
                self._waiting.popleft()
            self._in_hand = len(lines)
            return lines

    def _note(self, what: str, error: Exception | None) -> None:
        if error is not None:
            self.why = self.why or _why(what, error)

    @staticmethod
    def _try(what: Callable[[], None]) -> Exception | None:
        try:
            what()
        except Exception as error:
            return error
        return None


def _why(what: str, error: Exception) -> str:
    failed, remedy = _FAILED[what]
    return f"{failed}: {describe(error)}; {remedy}"

# SPDX-License-Identifier: Apache-2.0
"""The thread that writes lines: a database that is slow, fails or hangs, and what is lost then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

import pytest

from airflow_provider_userattrs.task.push_log import writer as module
from airflow_provider_userattrs.task.push_log.lines import Line
from airflow_provider_userattrs.task.push_log.writer import EARLIER, LogWriter


class OperationalError(Exception):
    """As a driver raises it; its text may hold a value."""


class Database:
    """Does what a script says with each batch: takes it, fails, or hangs until the test ends."""

    def __init__(self, *script: str, opens: str = "ok", ends: str = "ok", missing: int = 0) -> None:
        self.script, self.opens, self.ends, self.missing = list(script), opens, ends, missing
        self.lines: list[Line] = []
        self.batches: list[int] = []
        self.hangs, self.may_go = Event(), Event()
        self.ended: dict[str, Any] | None = None
        self.is_closed = False

    def open(self) -> None:
        self._act(self.opens)

    def write(self, lines: Sequence[Line]) -> None:
        self._act(self.script.pop(0) if self.script else "ok")
        self.batches.append(len(lines))
        self.lines += lines

    def end(self, line: dict[str, Any], expected: int, lost: int) -> int:
        self._act(self.ends)
        self.ended = {**line, "expected": expected, "lost": lost}
        return max(lost, self.missing)

    def close(self) -> None:
        self.is_closed = True

    def _act(self, what: str) -> None:
        if what == "hang":
            self.hangs.set()
            self.may_go.wait()
        if what == "fail":
            raise OperationalError("ada@example.com")


Start = Callable[..., LogWriter]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start writers, and let their threads end."""
    started: list[tuple[LogWriter, Database]] = []

    def start(database: Database, **given: Any) -> LogWriter:
        options: dict[str, Any] = {"prepare": lambda: None, "tidy": lambda: None, "is_stopping": lambda: False}
        made = LogWriter(database, **{**options, **given})
        started.append((made, database))
        made.start()
        return made

    yield start
    for made, database in started:
        database.may_go.set()
        made.close({}, 0)
        made._thread.join()
        assert database.is_closed


def patience(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Wait for nothing."""
    for name in names:
        monkeypatch.setattr(module, f"PATIENCE_{name}", 0.0)


def test_lines_arrive_in_their_order_and_in_batches(start: Start, line: Any) -> None:
    database = Database()
    writer = start(database)
    for first in range(0, 5_000, 500):
        writer.put([line(position) for position in range(first, first + 500)])
    writer.close({"state": "success"}, 5_000)
    assert [each.position for each in database.lines] == list(range(5_000))
    assert max(database.batches) <= module.BATCH
    assert database.ended == {"state": "success", "expected": 5_000, "lost": 0}
    assert (writer.written, writer.lost, writer.why) == (5_000, 0, None)


def test_what_is_prepared_is_ready_when_the_push_goes_on(start: Start) -> None:
    done: list[str] = []
    writer = start(Database(), prepare=lambda: done.append("prepared"))
    assert writer.is_ready
    assert done == ["prepared"]


def test_a_database_that_cannot_be_opened(start: Start, line: Any) -> None:
    writer = start(Database(opens="fail"))
    assert not writer.is_ready
    writer.put([line(), line(1)])
    writer.close({}, 2)
    assert (writer.written, writer.lost) == (0, 2)
    assert writer.why == "its tables cannot be opened: OperationalError; check the connection, and what its user may do"


def test_a_batch_that_fails_is_lost_and_the_next_one_is_written(start: Start, line: Any) -> None:
    database = Database("fail")
    writer = start(database)
    writer.put([line(position) for position in range(module.BATCH)])
    writer.put([line(9_999)])
    writer.close({}, 1_001)
    assert writer.written + writer.lost == module.BATCH + 1
    assert writer.written == len(database.lines)
    assert writer.why is not None
    assert writer.why.startswith("lines cannot be written: OperationalError; check its user's privileges")
    assert database.ended is not None
    assert database.ended["lost"] == writer.lost


def test_a_database_that_fails_again_and_again_is_not_asked_any_more(start: Start, line: Any) -> None:
    database = Database(*["fail"] * 3)
    writer = start(database)
    writer.put([line(position) for position in range(10 * module.BATCH)])
    writer.close({}, 10_000)
    assert (writer.written, writer.lost) == (0, 10 * module.BATCH)
    assert database.ended is None


def test_a_database_that_hangs_at_the_beginning(start: Start, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    patience(monkeypatch, "TO_BEGIN")
    writer = start(Database(opens="hang"))
    writer.put([line()])
    writer.close({}, 1)
    assert (writer.written, writer.lost, writer.why) == (0, 1, "the database did not answer within 0 s")


def test_what_was_prepared_too_late_is_not_taken(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    patience(monkeypatch, "TO_BEGIN")
    database = Database(opens="hang")
    writer = start(database)
    database.may_go.set()
    writer._thread.join()
    assert not writer.is_ready


def test_a_database_that_hangs_while_lines_come(start: Start, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more lines wait in memory than may, and none is counted twice or not at all."""
    patience(monkeypatch, "FOR_ROOM")
    monkeypatch.setattr(module, "MAX_WAITING", 100)
    database = Database("hang")
    writer = start(database)
    writer.put([line()])
    database.hangs.wait()
    for position in range(1, 151):
        writer.put([line(position)])
        assert len(writer._waiting) <= 100
    writer.close({}, 151)
    assert (writer.written, writer.lost, writer.why) == (0, 151, "the database took no line for 0 s")
    database.may_go.set()
    writer._thread.join()
    assert (writer.written, writer.lost) == (0, 151), "what arrives too late is not counted again"


def test_a_database_that_hangs_at_the_end(start: Start, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    patience(monkeypatch, "TO_END")
    database = Database("hang")
    writer = start(database)
    writer.put([line(), line(1)])
    database.hangs.wait()
    writer.close({}, 2)
    assert (writer.written, writer.lost) == (0, 2)
    assert writer.why == "the database did not take the last lines in time"


@pytest.mark.parametrize("hangs", ["open", "write", "end"])
def test_a_task_that_was_told_to_stop_waits_no_longer(
    start: Start, line: Any, monkeypatch: pytest.MonkeyPatch, hangs: str
) -> None:
    database = {"open": Database(opens="hang"), "write": Database("hang"), "end": Database(ends="hang")}[hangs]
    patience(monkeypatch, "WHEN_STOPPED")
    writer = start(database, is_stopping=database.hangs.is_set)
    writer.put([line()])
    writer.close({}, 1)
    assert database.hangs.is_set()
    assert writer.why is not None
    assert writer.written + writer.lost == 1


def test_more_lines_at_once_than_may_wait(start: Start, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    writer = start(Database())
    writer.put([line(position) for position in range(25)])
    writer.put([line(position) for position in range(25)])
    writer.close({}, 50)
    assert (writer.written, writer.lost) == (50, 0)


def test_a_line_of_the_try_that_fails_is_said(start: Start, line: Any) -> None:
    writer = start(Database(ends="fail"))
    writer.put([line()])
    writer.close({}, 1)
    assert (writer.written, writer.lost) == (1, 0)
    assert writer.why == "how the try ended cannot be written: OperationalError; see the database's log"


def test_old_lines_that_cannot_be_deleted_are_said(start: Start) -> None:
    def tidy() -> None:
        raise OperationalError

    writer = start(Database(), tidy=tidy)
    writer.close({}, 0)
    assert writer.lost == 0
    assert writer.why is not None
    assert writer.why.startswith(
        "lines older than keep cannot be deleted: OperationalError; check that its user may delete"
    )


def test_lines_that_an_earlier_try_has_not_written_are_counted(start: Start, line: Any) -> None:
    writer = start(Database(missing=4))
    writer.put([line()])
    writer.close({}, 5)
    assert (writer.written, writer.lost, writer.why) == (1, 4, EARLIER)

# SPDX-License-Identifier: Apache-2.0
"""Users who stand twice: their last row alone is sent, or nobody is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from push.delivery.fake_vendor import operation
from push.mapping.any_rules import either, rules
from push.test_push import Kept, Vendor

from airflow_provider_userattrs.push import Push, PushPlan
from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.duplicates import Duplicates
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.errors import DuplicateUsers, RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.task.storage_folder import StorageFolder

USER = {"id": "id"}
UNREAD = Verdict(Status.INVALID, "unread")


def mapped(mapper: Mapper, rows: list[Any]) -> Iterator[list[Any]]:
    return ([mapper(position, row)] for position, row in enumerate(rows))


def selected(rows: list[Any], mode: str = "last", mapper: Mapper | None = None, **options: Any) -> list[Any]:
    mapper = mapper or Mapper(rules(), USER)
    return list(chain.from_iterable(Duplicates(mode, mapper.user_of, **options).select(mapped(mapper, rows))))


def words(made: list[Any]) -> list[Any]:
    """Give what is sent of each row, or its verdict's code."""
    return [each.attributes if isinstance(each, UserUpdate) else each.verdict.code for each in made]


ROWS = [{"id": "a", "x": 1}, {"id": "b", "x": 2}, {"id": "a", "x": 3}, {"id": "a", "x": 4}, {"id": "c", "x": 5}]


def test_the_last_row_of_each_user_is_sent_in_the_order_of_the_rows() -> None:
    made = selected(ROWS)
    assert words(made) == ["superseded", {"x": 2}, "superseded", {"x": 4}, {"x": 5}]
    assert [each.position for each in made] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ({"id": "a", "x": 2_000, "ok": True}, "too-big"),
        ({"id": "a", "x": 1, "ok": False}, "filtered"),
        ({"id": "a", "x": 1, "ok": "granted"}, "neither-true-nor-false"),
        ({"id": "a", "x": None, "ok": True}, "nothing-to-set"),
        (
            MalformedRow(Verdict(Status.INVALID, "unread", attribute="x"), fit={"id": "a", "x": None, "ok": True}),
            "unread",
        ),
    ],
    ids=["invalid", "filtered", "unclear", "nothing", "malformed"],
)
def test_the_last_row_counts_whatever_becomes_of_it(last: Any, code: str) -> None:
    """Who withdrew a consent in the end is not sent by an earlier row."""
    mapper = Mapper(rules(), USER, where="ok")
    assert words(selected([{"id": "a", "x": 1, "ok": True}, last], mapper=mapper)) == ["superseded", code]
    with pytest.raises(DuplicateUsers):
        selected([{"id": "a", "x": 1, "ok": True}, last], "error", mapper)


@pytest.mark.parametrize(
    "other",
    [("a", 1), {"x": 1}, {"id": None, "x": 1}, {"id": ["a"], "x": 1}, MalformedRow(UNREAD)],
    ids=["no-row", "no-column", "null", "list", "unread"],
)
@pytest.mark.parametrize("mode", ["last", "error"])
def test_a_row_that_names_nobody_is_nobody_s_last(mode: str, other: Any) -> None:
    made = selected([ROWS[0], other, other], mode)
    assert [isinstance(each, UserUpdate) for each in made] == [True, False, False]
    assert {each.verdict.status for each in made[1:]} == {Status.INVALID}


def test_what_was_wrong_with_an_earlier_row_is_still_said() -> None:
    assert words(selected([{"id": "a", "x": 2_000}, ROWS[0]])) == ["too-big", {"x": 1}]


def test_of_several_credentials_the_first_one_names_the_user() -> None:
    """Two who share their second one, as a family does an address, are two."""
    mapper = Mapper(either(), {"name": "name", "mail": "mail"})
    rows = [
        {"name": "ada", "mail": "home@x", "x": 1},
        {"name": "bob", "mail": "home@x", "x": 2},
        {"name": "ada", "mail": "ada@x", "x": 3},
    ]
    assert words(selected(rows, mapper=mapper)) == ["superseded", {"x": 2}, {"x": 3}]


def test_an_error_sends_nobody_and_names_who_stands_twice() -> None:
    mapper = Mapper(rules(), USER)
    passed: list[Any] = []
    with pytest.raises(DuplicateUsers) as raised:
        passed.extend(chain.from_iterable(Duplicates("error", mapper.user_of).select(mapped(mapper, ROWS))))
    assert words(passed) == ["duplicate", "held-with-duplicates", "duplicate", "duplicate", "held-with-duplicates"]
    assert str(raised.value) == (
        '3 of 5 rows name a user whom another row names too, so none was sent (duplicates="error"). Keep one row for '
        'each user in the query, or give duplicates="last"'
    )
    assert words(selected(ROWS[:2], "error")) == [{"x": 1}, {"x": 2}]


@pytest.mark.parametrize("mode", ["last", "error"])
def test_more_rows_than_can_be_held_are_refused_before_any_is_sent(mode: str) -> None:
    with pytest.raises(RefusedConfiguration) as raised:
        selected(ROWS, mode, max_rows=4)
    assert f'duplicates="{mode}" holds all rows in memory until the last one is read, at most 4, and there are' in str(
        raised.value
    )
    assert len(selected(ROWS[:2], mode, max_rows=2)) == 2


def test_rows_come_in_chunks_as_they_were_held() -> None:
    """A row each would make them cost as much as an author's own source does."""
    mapper = Mapper(rules(), USER)
    rows = [{"id": number % 1_000, "x": 1} for number in range(1_300)]
    chunks = list(Duplicates("last", mapper.user_of).select([mapper.map(range(1_300), Chunk(rows))]))
    assert [len(chunk) for chunk in chunks] == [500, 500, 300]
    made = [each for chunk in chunks for each in chunk]
    assert [each.position for each in made] == list(range(1_300))
    assert words(made) == ["superseded"] * 300 + [{"x": 1}] * 1_000


# As a push does it

PRINT = Fingerprint("rows", "settings")
AWAY = RetryLater("told to go")


def push(rows: list[Any], mode: str, vendor: Any, store: Kept | None = None, **plan: Any) -> Any:
    """Push rows in one try, from where the last one stopped; return the push and its report."""
    kept = store.read() if store else None
    checkpoint = Checkpoint.from_dict(kept) if kept else Checkpoint(PRINT)
    pushed = Push(
        PushPlan(
            operation(2),
            Mapper(rules(), USER),
            concurrency=1,
            duplicates=mode,
            store=store,
            checkpoint=checkpoint.begin() if store else None,
            **plan,
        )
    )

    def source() -> Iterator[Any]:
        start = checkpoint.passed
        for position, row in enumerate(rows[start:], start):
            if position % 3 == 0:
                yield Cursor(position)
            yield row

    stopped = pushed.deliver(source(), vendor)
    return pushed, pushed.close(stopped)


def test_nobody_is_sent_and_the_next_try_begins_at_the_first_row() -> None:
    vendor, store = Vendor("ok"), Kept()
    pushed, report = push(ROWS, "error", vendor, store)
    assert vendor.requests == []
    assert store.state is None
    assert (report["invalid"], report["unsent"], report["rows"], report["requests"]) == (3, 2, 5, 0)
    assert isinstance(pushed.error, DuplicateUsers)
    assert report["failure"] == str(pushed.error)
    assert "stopped at" not in report["warning"]
    _, report = push([ROWS[0], ROWS[1]], "error", vendor, store)
    assert report["accepted"] == 2


@pytest.mark.parametrize(("mode", "known"), [("last", 3), ("error", 0)])
def test_a_push_that_sent_nobody_learns_nothing_of_what_the_vendor_holds(mode: str, known: int, tmp_path: Path) -> None:
    def comparison() -> Comparison:
        return Comparison(KnownFiles(StorageFolder(str(tmp_path)), "push", {}), b"s" * 32)

    push(ROWS, mode, Vendor("ok"), comparison=comparison())
    assert comparison().as_dict()["known"] == known


def test_an_interruption_while_rows_are_held_stops_the_reading() -> None:
    vendor, read = Vendor("ok"), []
    pushed = Push(PushPlan(operation(2), Mapper(rules(), USER), duplicates="last"))

    def source() -> Iterator[Any]:
        for number in range(100):
            read.append(number)
            if number == 10:
                pushed.interrupt(AWAY)
            yield {"id": number, "x": 1}

    stopped = pushed.deliver(source(), vendor)
    report = pushed.close(stopped)
    assert (stopped, len(read), vendor.requests, report["stopped"]) == (AWAY, 11, [], True)


class Dying(Vendor):
    """Accept so many requests, and then have the try end."""

    def __init__(self, lives: int | None) -> None:
        super().__init__("ok")
        self.lives = lives
        self.push: Any = None

    def __call__(self, body: bytes, *, before_send: Any = None) -> Any:
        response = super().__call__(body)
        if self.lives is not None and len(self.requests) >= self.lives:
            self.push.interrupt(AWAY)
        return response


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([1, 2, 3, None, 2_000])), max_size=20),
    st.lists(st.integers(0, 4), max_size=4),
)
def test_last_is_a_dict_fold_of_the_rows_however_often_the_push_is_interrupted(
    given_rows: list[tuple[str, Any]], lives: list[int]
) -> None:
    rows = [{"id": user, "x": value} for user, value in given_rows]
    fold = {row["id"]: (position, row) for position, row in enumerate(rows)}
    store = Kept()
    sent: list[int] = []
    report: Any = None
    for life in [*lives, None]:
        vendor = Dying(life)
        kept = store.read()
        checkpoint = Checkpoint.from_dict(kept) if kept else Checkpoint(PRINT)
        plan = PushPlan(operation(2), Mapper(rules(), USER), concurrency=1, duplicates="last", store=store)
        pushed = vendor.push = Push(replace(plan, checkpoint=checkpoint.begin()))
        if life == 0:
            pushed.interrupt(AWAY)
        marks = (each for at, row in enumerate(rows) if at >= checkpoint.passed for each in (Cursor(at), row))
        report = pushed.close(pushed.deliver(marks, vendor))
        sent += [position for request in vendor.requests for position in request]
        if store.read() is None:
            break
    assert sorted(sent) == sorted(position for position, row in fold.values() if row["x"] in (1, 2, 3))
    assert report["rows"] == len(rows)
    assert report["accepted"] == len(sent)
    assert sum(report[str(status)] for status in Status) == len(rows)

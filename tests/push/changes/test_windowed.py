# SPDX-License-Identifier: Apache-2.0
"""Which rows are read from which mark, and where the mark is afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from push.changes.windowed_nights import Seal

from airflow_provider_userattrs.push.changes.mark import Mark
from airflow_provider_userattrs.push.changes.windowed import WindowedRows
from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict

NOW = datetime(2026, 11, 25, 3, 0, 7, 123456, tzinfo=timezone.utc)
DAY = timedelta(days=1)
MARK = Mark("query", NOW - DAY, NOW - DAY)
NO = Verdict(Status.REJECTED, "404", "User not found", "Check.")


def windowed(mark: Mark | None = MARK, why: str | None = None, **options: Any) -> WindowedRows:
    given = {"now": NOW, "lag": timedelta(minutes=15), "key": "id", "names": lambda: None, **options}
    rows = WindowedRows("updated_at", query="query", seal=Seal(), **given)
    rows.begin(mark, why)
    return rows


def update(key: Any, column: str = "id") -> UserUpdate:
    return UserUpdate(0, "user", ("user",), {}, (), {column: key})


def failing(*keys: Any) -> Mark:
    rows = windowed()
    rows.record([update(key) for key in keys], [NO] * len(keys))
    mark = rows.next_mark()
    assert mark is not None
    return mark


def test_a_window_begins_a_lag_before_the_mark_at_a_full_minute() -> None:
    assert windowed().since == datetime(2026, 11, 24, 2, 45, tzinfo=timezone.utc)
    assert windowed(lag=timedelta(0)).since == datetime(2026, 11, 24, 3, 0, tzinfo=timezone.utc)


def test_after_it_the_mark_is_where_the_push_began() -> None:
    assert windowed().next_mark() == Mark("query", NOW, NOW - DAY)
    assert windowed(None).next_mark() == Mark("query", NOW, None)


def test_a_clock_that_was_ahead_is_not_believed() -> None:
    rows = windowed(replace(MARK, at=NOW + DAY))
    assert rows.since == datetime(2026, 11, 25, 2, 45, tzinfo=timezone.utc)
    mark = rows.next_mark()
    assert mark is not None
    assert mark.at == NOW


@pytest.mark.parametrize(
    ("mark", "why", "said"),
    [
        (None, None, "no push has read all rows yet"),
        (MARK, "full_refresh is True", "full_refresh is True"),
        (replace(MARK, query="another"), None, "the query, its columns, its database or a Constant changed"),
        (replace(MARK, failed=("[",)), None, "the keys of the rows that failed cannot be read"),
    ],
    ids=["none", "refresh", "query", "keys"],
)
def test_why_all_rows_are_read(mark: Mark | None, why: str | None, said: str) -> None:
    rows = windowed(mark, why)
    assert (rows.since, rows.keys, rows.as_dict()["all"]) == (None, (), said)


@pytest.mark.parametrize(
    "keys",
    [
        (1, 10**30, -5),
        ("ada@example.com", "ä😀", ""),
        (UUID(int=1),),
        (date(2026, 1, 1), date(2026, 1, 2)),
        (datetime(2026, 1, 1, 2, 3, 4, 5), NOW.replace(tzinfo=None)),
        (Decimal("1.10"), Decimal("2")),
        (b"\x00\xff",),
    ],
    ids=["int", "text", "uuid", "date", "timestamp", "decimal", "bytes"],
)
def test_failed_rows_are_asked_for_by_keys_of_every_type(keys: tuple[Any, ...]) -> None:
    rows = windowed(failing(*keys))
    assert set(rows.keys) == set(keys)
    assert [type(key) for key in rows.keys] == [type(keys[0])] * len(keys)


def test_keys_are_found_as_the_database_spells_them_and_in_malformed_rows() -> None:
    rows = windowed(names=lambda: ["ID", "NAME"], key="id")
    malformed = Outcome(1, NO, MalformedRow(NO, {"ID": 2}))
    rows.record([update(1, "ID"), malformed], [NO, NO])
    mark = rows.next_mark()
    assert set(windowed(mark).keys) == {1, 2}


@pytest.mark.parametrize(
    "row",
    [{}, {"other": 1}, MalformedRow(NO, "a line"), MalformedRow(NO), {"id": "a\udcff"}],
    ids=["empty", "other", "line", "none", "bytes"],
)
def test_a_failed_row_without_a_key_keeps_the_mark(row: Any) -> None:
    rows = windowed()
    rows.record([Outcome(0, NO, row)], [NO])
    assert rows.next_mark() == MARK
    assert rows.as_dict()["kept"] == "a row failed whose key is not known, or is no text; fix it where it comes from"


def test_what_is_accepted_or_skipped_is_finished_and_what_is_unsent_is_not() -> None:
    skipped = Verdict(Status.SKIPPED, "unchanged", "unchanged", "None.")
    rows = windowed(failing(1, 2, 3))
    list(rows.watch(iter([[update(1), update(2), update(3)]])))
    rows.record([update(1), update(2), update(3)], [ACCEPTED, skipped, NO])
    mark = rows.next_mark()
    assert windowed(mark).keys == (3,)
    assert (rows.as_dict()["remembered"], rows.as_dict()["gone"], rows.failed_again) == (1, 0, 1)
    unsent = windowed()
    unsent.record([update(1)], [Verdict(Status.UNSENT, "429", "too many requests", "Retry.")])
    assert (unsent.next_mark(), unsent.as_dict()["kept"]) == (MARK, "rows could not be sent")


def test_a_retry_goes_on_with_the_first_trys_window() -> None:
    first = windowed().as_dict()
    later = windowed(earlier=first, now=NOW + timedelta(hours=2))
    assert later.as_dict() == first
    assert later.next_mark() == Mark("query", NOW, NOW - DAY)


def test_a_retry_days_later_does_not_move_the_mark_back() -> None:
    first = windowed().as_dict()
    moved = Mark("query", NOW + 3 * DAY, NOW + 2 * DAY)
    assert windowed(moved, earlier=first).next_mark() == Mark("query", NOW + 3 * DAY, NOW + 3 * DAY)


@pytest.mark.parametrize(
    "mark", [None, replace(MARK, at=NOW - 2 * DAY), replace(MARK, query="another")], ids=["none", "back", "query"]
)
def test_a_retry_whose_window_is_too_short_by_now_keeps_the_mark(mark: Mark | None) -> None:
    rows = windowed(mark, earlier=windowed().as_dict())
    assert rows.next_mark() == mark
    assert rows.as_dict()["kept"] == "the mark was moved back since the first try"


def test_a_retry_that_reads_all_rows_keeps_the_keys_of_a_push_that_came_between_the_tries() -> None:
    first = windowed(None).as_dict()
    assert first["since"] is None
    between = replace(failing(1, 2), at=NOW + DAY)
    rows = windowed(between, earlier=first)
    rows.record([update(3)], [NO])
    mark = rows.next_mark()
    assert mark is not None
    assert (mark.at, set(windowed(mark).keys)) == (NOW + DAY, {1, 2, 3})
    lost = windowed(replace(between, failed=("[",)), earlier=first)
    assert (lost.next_mark(), lost.as_dict()["kept"]) == (
        replace(between, failed=("[",)),
        "the keys of the rows that failed cannot be read",
    )


def test_a_retry_knows_which_rows_failed_in_the_try_before() -> None:
    first = windowed(failing(1))
    list(first.watch(iter([[update(1), update(2)]])))
    first.record([update(1), update(2)], [NO, NO])
    assert first.failed_again == 1
    second = windowed(failing(1), earlier=first.as_dict(), failed_earlier=first.failed_keys())
    list(second.watch(iter([[update(1), update(3)]])))
    assert second.failed_again == 0, "it gets another verdict"
    second.record([update(1), update(3)], [ACCEPTED, NO])
    third = windowed(failing(1), earlier=second.as_dict(), failed_earlier=second.failed_keys())
    assert set(windowed(third.next_mark()).keys) == {1, 2, 3}, "1 may have failed, as far as the third try knows"
    assert set(windowed(second.next_mark()).keys) == {2, 3}
    assert second.as_dict()["kept"] is None


@pytest.mark.parametrize(
    "rows", [[update(number) for number in range(500)], [Outcome(0, NO, {})]], ids=["many", "none"]
)
def test_a_retry_that_does_not_know_which_rows_failed_before_keeps_the_mark(rows: list[Any]) -> None:
    first = windowed()
    first.record(rows, [NO] * len(rows))
    first.record([update(1)], [Verdict(Status.UNSENT, "429", "too many requests", "Retry.")])
    assert first.failed_keys() is None
    later = windowed(earlier=first.as_dict(), failed_earlier=first.failed_keys())
    assert (later.next_mark(), later.failed_keys()) == (MARK, None)
    assert later.as_dict()["kept"] == (
        "more rows failed in a try before the last one than its checkpoint has room for; "
        "fix what the reasons name if it is so every night"
    )
    assert windowed(earlier=first.as_dict(), failed_earlier="[").next_mark() == MARK, "sealed with another secret"
    sealed_otherwise = windowed(earlier=first.as_dict(), failed_earlier="[")
    assert sealed_otherwise.as_dict()["kept"] == "the keys of the rows that failed cannot be read"


def test_a_retry_remembers_rows_that_an_earlier_try_may_have_finished() -> None:
    mark = failing(1, 2)
    rows = windowed(mark, earlier=windowed(mark).as_dict())
    list(rows.watch(iter([[update(1)]])))
    rows.record([update(1)], [ACCEPTED])
    assert windowed(rows.next_mark()).keys == (2,)
    assert rows.as_dict()["gone"] == 0


def test_a_row_that_failed_in_an_earlier_try_and_then_did_not_is_not_remembered() -> None:
    first = windowed()
    unknown = Verdict(Status.UNKNOWN, "no-response", "no response", "Check.")
    first.record([update(number) for number in (1, 2, 3)], [unknown, unknown, NO])
    second = windowed(earlier=first.as_dict(), failed_earlier=first.failed_keys())
    list(second.watch(iter([[update(1), update(2)]])))
    second.record([update(1), update(2)], [ACCEPTED, unknown])
    assert set(windowed(second.next_mark()).keys) == {2, 3}
    assert (second.as_dict()["remembered"], second.failed_again) == (2, 0)

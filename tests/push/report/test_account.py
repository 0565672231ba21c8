# SPDX-License-Identifier: Apache-2.0
"""The account of a push over all its tries: what each adds, and what one alone did."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from push.delivery.fake_vendor import WORDS, operation

from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.book import Book
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.report.traffic import Traffic


@pytest.fixture
def book(update: Any) -> Book:
    """Return the book of a second try: the first got two rows accepted, this one a third, and one refused."""
    book = Book()
    book.record([update(0), update(1)], [ACCEPTED] * 2)
    later = Book()
    later.restore(2, [], book.counts())
    return later


EARLIER: dict[str, Any] = {
    "requests": 5,
    "retries": 2,
    "bytes": 100,
    "seconds": 7.0,
    "notes": [["age", "as text", 3]],
    "timeline": {"interval_seconds": 0.25, "rows": [2], "retries": [2]},
    "push": {"report": {}, "details": {"rejects_path": "s3://rejects/first"}},
}


def test_tries_add_up_and_one_alone_is_distinct_reasons(book: Book, clock: Any, update: Any) -> None:
    account = Account(
        operation(),
        Details(of=9),
        book=book,
        tries=(0, 2),
        earlier=EARLIER,
        clock=clock,
    )
    account.traffic.add(Traffic(requests=3, retries=1, bytes=50))
    book.record([update(2), update(3)], [ACCEPTED, WORDS["no"]])
    clock.advance(4)
    said = account.as_dict()
    assert (said["requests"], said["retries"], said["bytes"], said["seconds"]) == (8, 3, 150, 11.0)
    assert (said["rows"], said["accepted"], said["rejected"], said["of"]) == (4, 3, 1, 9)
    assert (said["resumed_from"], said["tries"]) == (2, [0, 2])
    assert (account.rows, account.seconds) == (2, 4)
    alone = account.this_try(account.report())
    assert {status: count for status, count in alone["rows"].items() if count} == {"accepted": 1, "rejected": 1}
    assert (alone["requests"], alone["retries"], alone["seconds"]) == (3, 1, 4)


def test_what_is_kept_is_what_a_later_try_takes_up(clock: Any) -> None:
    account = Account(operation(), Details(), earlier=EARLIER, tries=(0, 2), clock=clock)
    account.traffic.add(Traffic(3, 1, 50))
    kept = json.loads(json.dumps(account.facts()))
    again = Account(operation(), Details(), earlier=kept, tries=(0, 2, 2), clock=clock)
    assert again.facts() == account.facts()


def test_notes_of_all_tries_are_added_and_bounded(clock: Any) -> None:
    notes = Counter({("age", "as text"): 2, **{(f"n{number}", "cut"): 1 for number in range(100)}})
    account = Account(operation(), Details(), notes=notes, earlier=EARLIER, clock=clock)
    assert account.notes()[0] == ("age", "as text", 5)
    assert len(account.notes()) == 20


def test_a_name_in_a_note_is_short_and_printable(clock: Any) -> None:
    account = Account(operation(), Details(), notes=Counter({("x\n\x1b" * 100, "cut"): 1}), clock=clock)
    [(name, _, _)] = account.notes()
    assert name.isprintable()
    assert len(name) <= 60


@pytest.mark.parametrize(
    ("earlier", "now", "said"),
    [
        ({}, None, None),
        ({}, "s3://rejects/first", "s3://rejects/first"),
        (EARLIER, None, "s3://rejects/first"),
        (EARLIER, "s3://rejects/first", "s3://rejects/first"),
        (EARLIER, "s3://rejects/second", ["s3://rejects/first", "s3://rejects/second"]),
    ],
    ids=["none", "one", "the-earlier-one", "the-same", "two"],
)
def test_the_rejects_files_of_all_tries_are_named(earlier: Any, now: Any, said: Any, clock: Any) -> None:
    account = Account(operation(), Details(rejects_path=now), earlier=earlier, clock=clock)
    assert account.as_dict()["rejects_path"] == said


def test_a_shard_and_a_destination_are_said(clock: Any) -> None:
    details = Details(destination="kahuna://production", configuration={"nulls": "skip"}, shard=Shard(2, 8, 4))
    said = Account(operation(), details, clock=clock).as_dict(failure="no")
    assert said["shard"] == {"number": 2, "of": 8}
    assert (said["destination"], said["configuration"]) == ("kahuna://production", {"nulls": "skip"})
    assert (said["failure"], said["resumed_from"], said["tries"]) == ("no", None, [0])


def test_a_source_that_lost_rows_is_said(book: Book, clock: Any) -> None:
    account = Account(operation(), Details(), book=book, tries=(0, 2), earlier=EARLIER, clock=clock)
    before = account.as_dict()["warning"]
    account.note_source(2, 1)
    after = account.as_dict()["warning"]
    assert before is None
    assert after is not None
    assert "1" in after


def test_of_many_tries_the_last_are_named(clock: Any) -> None:
    said = Account(operation(), Details(), tries=range(100), clock=clock).as_dict()
    assert said["tries"] == list(range(80, 100))
    assert said["resumed_from"] == 99


def test_time_goes_to_the_timeline(clock: Any, update: Any) -> None:
    account = Account(operation(), Details(), clock=clock)
    account.book.record([update(0), update(1)], [ACCEPTED, WORDS["no"]])
    clock.advance(1)
    account.note_time()
    assert sum(account.facts()["timeline"]["rows"]) == 2
    assert account.report().counts[Status.ACCEPTED] == 1

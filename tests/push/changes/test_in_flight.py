# SPDX-License-Identifier: Apache-2.0
"""What is known of a user after the verdict on an update."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.changes.in_flight import InFlight
from airflow_provider_userattrs.push.changes.journal import Journal
from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.table import FAILING, KNOWN, LISTED, SEEN
from airflow_provider_userattrs.push.model.verdict import Status

NOW = 1_700_000_000
LATER = NOW + 86_400


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def journal(known_files: Any, known: Known, clock: Any) -> Journal:
    return Journal(known_files(), known, writes=True, clock=clock)


def in_flight(known: Known, journal: Journal, now: int = NOW, sees: bool = False) -> tuple[InFlight, dict[str, Any]]:
    report: Any = {"failing": 0, "failing_since": None}
    return InFlight(known, journal, report, now, sees=sees), report


def send(one: InFlight, known: Known, position: int, user: int, value: int) -> None:
    one.add(position, (user,), tuple(known.table.look_up([user])), value)


@pytest.mark.parametrize(
    ("status", "learned"),
    [
        (Status.ACCEPTED, 55),
        (Status.SKIPPED, 0),
        (Status.UNSENT, 0),
        (Status.REJECTED, FAILING + NOW),
        (Status.INVALID, FAILING + NOW),
        (Status.PARTIAL, FAILING + NOW),
        (Status.UNKNOWN, FAILING + NOW),
    ],
)
def test_only_what_was_accepted_is_known(known: Known, journal: Journal, status: Status, learned: int) -> None:
    known.table.set(7, 44)
    one, _ = in_flight(known, journal)
    send(one, known, 0, 7, 55)
    assert journal.touched == [7]
    assert len(one) == 1
    one.settle(0, status)
    assert len(one) == 0
    assert known.table.get(7) == learned
    assert journal.accepted == ([7, 55] if status is Status.ACCEPTED else [])


def test_of_two_updates_of_a_user_the_later_one_counts(known: Known, journal: Journal) -> None:
    one, _ = in_flight(known, journal)
    send(one, known, 0, 7, 55)
    send(one, known, 1, 7, 66)
    one.settle(0, Status.ACCEPTED)
    assert journal.accepted == []
    one.settle(1, Status.ACCEPTED)
    assert (known.table.get(7), journal.accepted) == (66, [7, 66])
    one.settle(1, Status.REJECTED)
    assert known.table.get(7) == 66, "it is not on its way any more"


def test_since_when_a_user_fails_is_kept_until_an_update_is_accepted(known: Known, journal: Journal) -> None:
    one, _ = in_flight(known, journal)
    send(one, known, 0, 7, 55)
    one.settle(0, Status.REJECTED)
    again, report = in_flight(known, journal, LATER)
    send(again, known, 0, 7, 55)
    again.settle(0, Status.UNKNOWN)
    again.fail([8])
    assert (known.table.get(7), known.table.get(8)) == (FAILING + NOW, FAILING + LATER)
    assert report == {"failing": 1, "failing_since": NOW}
    again.fail([7])
    assert report == {"failing": 2, "failing_since": NOW}
    send(again, known, 1, 7, 55)
    again.settle(1, Status.ACCEPTED)
    assert known.table.get(7) == 55


@pytest.mark.parametrize(("first", "is_listed"), [(Status.REJECTED, False), (Status.UNKNOWN, True)])
def test_a_new_user_of_whom_the_vendor_holds_nothing_is_not_listed(
    known: Known, journal: Journal, first: Status, is_listed: bool
) -> None:
    one, _ = in_flight(known, journal, sees=True)
    send(one, known, 0, 7, 55)
    known.list_users([((7,), "ada")])
    one.settle(0, first)
    assert bool(known.table.get(7) & LISTED) is is_listed
    assert known.table.get(7) & SEEN
    send(one, known, 1, 7, 55)
    known.list_users([((7,), "ada")])
    one.settle(1, Status.ACCEPTED)
    assert (known.table.get(7) & LISTED, known.table.get(7) & KNOWN) == (LISTED, 55)

# SPDX-License-Identifier: Apache-2.0
"""Which updates the vendor holds already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_userattrs.push.changes.digests import Digests
from airflow_provider_userattrs.push.changes.in_flight import InFlight
from airflow_provider_userattrs.push.changes.journal import Journal
from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.refresh import Refresh
from airflow_provider_userattrs.push.changes.table import FAILING
from airflow_provider_userattrs.push.changes.unchanged import Unchanged
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import UNCHANGED

DIGESTS = Digests(b"s" * 32)
INVALID = Verdict(Status.INVALID, "400", "refused", "Mend.")


def update(position: int, user: str, value: int = 1, *keys: Any) -> UserUpdate:
    return UserUpdate(position, user, keys or (user,), {"x": value}, (), {})


@pytest.fixture
def known() -> Known:
    """Return a vendor that holds value 1 of ada."""
    known = Known()
    hold(known, update(0, "ada"))
    return known


def hold(known: Known, *updates: UserUpdate) -> None:
    for each in updates:
        for user in DIGESTS.of_users(each.keys):
            known.table.set(user, DIGESTS.of_updates([each])[0])


@pytest.fixture
def compare(known: Known, known_files: Any, clock: Any) -> Callable[..., list[Any]]:
    """Return what tells the positions of the updates that are not held."""
    report: Any = {"refreshed": 0, "failing": 0, "failing_since": None}
    journal = Journal(known_files(), known, writes=True, clock=clock)

    def compare(*rows: UserUpdate | Outcome, full_refresh: bool = False) -> list[Any]:
        in_flight = InFlight(known, journal, report, 0, sees=False)
        unchanged = Unchanged(
            DIGESTS,
            known,
            journal,
            in_flight,
            None,
            Refresh(None, 0, None),
            report,
            full_refresh=full_refresh,
            looks_up=False,
        )
        compared = unchanged.compare(rows)
        assert [row.position for row in compared] == [row.position for row in rows]
        return [row.position for row in compared if not (isinstance(row, Outcome) and row.verdict is UNCHANGED)]

    return compare


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([update(0, "ada"), update(1, "bob")], [1]),
        ([update(0, "ada", 2)], [0]),
        ([update(0, "ada", 2), update(1, "ada")], [0, 1]),
        ([update(0, "ada"), update(1, "ada", 2)], [1]),
        ([update(0, "ada"), Outcome(1, INVALID, {}, None, ("ada",)), update(2, "ada")], [1, 2]),
        ([Outcome(0, INVALID, {}), update(1, "ada")], [0]),
    ],
    ids=["new", "changed", "changed and back", "as it was, then changed", "not fit to be sent", "of nobody"],
)
def test_an_update_is_held_if_nothing_came_after_it(compare: Any, rows: Any, left: list[int]) -> None:
    assert compare(*rows) == left


def test_a_full_refresh_holds_nothing(compare: Any) -> None:
    assert compare(update(0, "ada"), full_refresh=True) == [0]


def test_an_update_is_held_if_it_is_by_all_of_its_keys(compare: Any, known: Known) -> None:
    hold(known, update(0, "eve", 1, "eve"))
    assert compare(update(0, "both", 1, "ada", "eve")) == []
    known.table.set(DIGESTS.of_users(["eve"])[0], FAILING + 5)
    assert compare(update(1, "both", 1, "ada", "eve")) == [1]

# SPDX-License-Identifier: Apache-2.0
"""Any sequence of nights that read only new rows against a model: nothing that changed within the lag is skipped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from push.changes.windowed_nights import CHANGES, KEYS, NIGHTS, Change, Night, World
from push.resume.test_checkpointer import MemoryStore

from airflow_provider_userattrs.push.changes import windowed as windowed_module
from airflow_provider_userattrs.push.changes.known_files import KnownFiles

pytestmark = pytest.mark.usefixtures("small_parts")


@pytest.fixture(autouse=True)
def few_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember three rows that failed at most, and two in a checkpoint."""
    monkeypatch.setattr(windowed_module, "MAX_FAILED", 3)
    monkeypatch.setattr(windowed_module, "MAX_LENGTH_IN_CHECKPOINT", 45)


@settings(max_examples=300)
@given(given_nights=NIGHTS, last=CHANGES)
def test_after_a_night_without_faults_the_vendor_holds_what_the_table_says(
    given_nights: list[Night], last: list[Change]
) -> None:
    world = World()
    for night in [*given_nights, Night(last), Night([])]:  # in the last one what was committed late is seen
        report = world.live(night)
        world.check_mark(world.vendor.users)
        if not night.is_clean:
            continue
        assert report is not None
        held = {key: world.vendor.users.get(key) for key in world.table()}
        assert held == {key: value for key, (_, value) in world.table().items()}, "a change was skipped"
        assert report["rows"] == report["accepted"] + report["skipped"]
        assert report["changed_only"]["window"]["kept"] is None
    report = world.live(Night([]))
    assert report is not None
    assert report["changed_only"]["window"]["all"] is None
    assert (report["rows"], world.vendor.sent) == (0, []), "rows were read that had not changed"


def change(key: str, value: int | None = 1, before: int = 30, late: int = 0) -> Change:
    return Change(key, value, before, late)


@pytest.mark.parametrize("first_to_end", [1, 2])
def test_what_two_pushes_at_once_disagree_on_is_read_again(first_to_end: int) -> None:
    world = World()
    world.live(Night([change(key) for key in KEYS]))
    # The change between them is within the lag of neither mark.
    world.live(Night([change("a", 2)], between=[change("a", 0, before=20)], lasts=60, other=first_to_end))
    assert world.vendor.users["a"] == 2, "the stale one was applied last"
    world.live(Night([]))
    assert world.vendor.users["a"] == 0
    assert {user for user, _ in world.vendor.sent} == {"a"}


def test_what_a_retry_has_passed_is_read_by_the_next_push() -> None:
    world = World()
    world.live(Night([change(key) for key in KEYS]))
    changes = [change(key, 2, before=1) for key in KEYS]
    report = world.live(Night(changes, stops=3, sends=1, between=[change("a", 0, before=50)], lasts=60))
    assert report is not None
    assert (report["resumed_from"], report["accepted"], world.vendor.users["a"]) == (1, 6, 2)
    world.live(Night([]))
    assert world.vendor.users["a"] == 0


def test_what_failed_before_a_retry_is_read_by_the_next_push() -> None:
    world = World()
    world.live(Night([change(key) for key in KEYS]))
    report = world.live(Night([change(key, 2) for key in KEYS], responses={"a": "no"}, stops=3, sends=1))
    assert report is not None
    assert (report["resumed_from"], report["rejected"]) == (1, 1)
    world.live(Night([]))
    assert world.vendor.users["a"] == 2


def test_the_mark_moves_though_each_night_fails_a_row_and_then_needs_a_retry() -> None:
    world = World()
    world.live(Night([change(key) for key in KEYS]))
    for value in (2, 3, 4):
        changes = [change(key, value, before=1) for key in "abf"]
        report = world.live(Night(changes, responses={"a": "no"}, stops=2, sends=1))
        assert report is not None
        window = report["changed_only"]["window"]
        assert (len(report["tries"]), report["rejected"], window["kept"], window["remembered"]) == (2, 1, None, 1)
        assert report["rows"] == 3, "the nights before are not read again"
        assert window["failed_again"] == (value > 2)
    world.live(Night([]))
    assert world.vendor.users == dict.fromkeys("abf", 4) | dict.fromkeys("cde", 1)


def test_more_rows_fail_before_a_retry_than_a_checkpoint_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed_module, "MAX_LENGTH_IN_CHECKPOINT", 20)
    world = World()
    world.live(Night([change(key) for key in KEYS]))
    report = world.live(Night([change(key, 2) for key in KEYS], responses={"a": "no"}, stops=3, sends=1))
    assert report is not None
    assert "more rows failed in a try before the last one" in report["changed_only"]["window"]["kept"]
    report = world.live(Night([]))
    assert report is not None
    assert (report["rows"], report["accepted"], report["changed_only"]["window"]["kept"]) == (6, 1, None)


def test_more_rows_fail_than_are_remembered() -> None:
    world = World()
    world.live(Night([change(key) for key in KEYS]))
    report = world.live(Night([change(key, 2) for key in KEYS], responses=dict.fromkeys(KEYS[:4], "no")))
    assert report is not None
    assert report["changed_only"]["window"]["kept"] == windowed_module.TOO_MANY
    report = world.live(Night([], responses=dict.fromkeys(KEYS[:3], "no")))
    assert report is not None
    assert (report["rows"], report["changed_only"]["window"]["remembered"]) == (6, 3)
    report = world.live(Night([]))
    assert report is not None
    assert (report["rows"], report["accepted"]) == (3, 3)


def test_a_push_that_stops_says_that_its_rows_are_read_again() -> None:
    world = World()
    world.live(Night([change(key) for key in KEYS]))
    world.write([change(key, 2) for key in KEYS])
    report = world.run(world.begin(Night([]), MemoryStore(), 3))
    assert report is not None
    assert report["unsent"] == 0
    window = report["changed_only"]["window"]
    assert (window["kept"], window["remembered"], window["gone"]) == ("the push stopped before its end", 0, 0)


def test_a_push_whose_folder_is_away_at_its_end_says_that_its_rows_are_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.live(Night([change(key) for key in KEYS]))

    def away(*_: object) -> None:
        raise OSError("the folder is away")

    monkeypatch.setattr(KnownFiles, "close", away)
    report = world.live(Night([change(key, 2) for key in KEYS], responses={"a": "no"}))
    assert report is not None
    window = report["changed_only"]["window"]
    assert (window["kept"], window["remembered"]) == ("what was learned could not be kept", 0)
    monkeypatch.undo()
    report = world.live(Night([]))
    assert report is not None
    assert report["rows"] == 6

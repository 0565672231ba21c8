# SPDX-License-Identifier: Apache-2.0
"""Users who leave the query, over any sequence of nights: they are unset, once, and nobody else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from push.changes.nights import NIGHTS, ROWS, WORDS, Night, Rows, World

from airflow_provider_userattrs.push.model.errors import RetryLater

pytestmark = pytest.mark.usefixtures("small_parts")


def undamaged(nights: list[Night]) -> list[Night]:
    """Return the nights without lost files, after which nobody knows who was pushed."""
    return [replace(night, damaged=None) for night in nights]


@settings(max_examples=120)
@given(nights=NIGHTS.map(undamaged), last=ROWS.filter(bool))
# A new user is refused, is never there, and leaves.
@example(nights=[Night([("a", 0), ("b", 0)], responses={"b": "no"})], last=[("a", 0)])
# One is unset, and the task dies before it can note that; the next night he is back with the same value.
@example(nights=[Night([("a", 0), ("b", 0)]), Night([("a", 0)], writes=1)], last=[("a", 0), ("b", 0)])
# The vendor is in doubt about an update, and then about unsetting.
@example(
    nights=[Night([("a", 0), ("b", 0)], responses={"b": "doubt"}), Night([("a", 0)], responses={"b": "doubt"})],
    last=[("a", 0)],
)
# Of two pushes at once one has a user and one does not.
@example(nights=[Night([("a", 0), ("b", 0)]), Night([("a", 0)], other=[("a", 0), ("b", 1)])], last=[("a", 0)])
# One leaves, is unset in part, and comes back with the same value.
@example(nights=[Night([("a", 0), ("b", 0)]), Night([("b", 0)], responses={"a": "part"})], last=[("a", 0), ("b", 0)])
# Of two pushes at once the first takes one off the list, and the second, which stops, has sent it meanwhile.
@example(
    nights=[
        Night([], other=[("b", 0)]),
        Night([("c", 0)], responses={"a": "doubt"}, other=[("a", 0), ("a", 0), ("b", 0)]),
    ],
    last=[("a", 0)],
)
def test_after_a_night_without_faults_the_vendor_holds_nothing_else(nights: list[Night], last: Rows) -> None:
    world = World(max_removed=1.0)
    for night in [*nights, Night(last), Night(last)]:
        report = world.live(night)
        named = {user for user, _ in (*night.rows, *(night.other or ()))}
        if night.other is None:
            assert named.isdisjoint(world.vendor.unset), "who is in the query was unset"
        assert len(world.vendor.unset) == len(set(world.vendor.unset)) or night.other or night.responses
        if not night.rows and not night.other:
            assert not world.vendor.unset, "nobody is unset after an empty query"
        if night.is_clean and night.rows:
            assert report is not None
            assert world.vendor.users == dict(night.rows)
            removed = report["changed_only"]["removed"]
            assert removed["left"] == removed["unset"] == len(world.vendor.unset)
    assert not world.vendor.unset, "who was unset is not unset again"


@settings(max_examples=60)
@given(nights=NIGHTS, last=ROWS.filter(bool))
# Of two first pushes at once one stops and the other ends; then its file is lost, and the journal of the first is left.
@example(
    nights=[
        Night([("a", 0), ("a", 0), ("b", 2)], responses={"a": "doubt"}, other=[("b", 0)]),
        Night([], damaged=(0, True)),
    ],
    last=[("b", 2)],
)
def test_whatever_files_are_lost_nobody_in_the_query_is_unset(nights: list[Night], last: Rows) -> None:
    world = World(max_removed=1.0)
    for night in [*nights, Night(last)]:
        world.live(night)
        if night.other is None:
            assert {user for user, _ in night.rows}.isdisjoint(world.vendor.unset)
    assert {user: world.vendor.users.get(user) for user, _ in last} == dict(last)


@settings(max_examples=60)
@given(nights=st.lists(st.tuples(ROWS, st.booleans()), max_size=5), last=ROWS.filter(bool))
def test_it_may_be_asked_for_later_and_given_up_again(nights: list[tuple[Rows, bool]], last: Rows) -> None:
    """Whoever a push with it has named is unset when they leave; others nobody knows by their ids."""
    world = World()
    named: set[str] = set()
    for rows, unsets in [*nights, (last, True)]:
        world.max_removed = 1.0 if unsets else None
        world.live(Night(rows))
        if not unsets:
            assert not world.vendor.unset
            named.clear()  # their ids are kept no longer
        elif rows:
            named = {user for user in named if user in dict(rows)} | {user for user, _ in rows}
            assert named == dict(rows).keys()
    assert not (named & world.vendor.users.keys()) - dict(last).keys()


@given(word=WORDS.filter(lambda word: word != "busy"), rows=ROWS)
@settings(max_examples=40)
def test_whom_the_vendor_does_not_unset_is_unset_by_a_later_night(word: str, rows: Rows) -> None:
    world = World(max_removed=1.0)
    world.live(Night([("f", 1), ("g", 1), *rows]))
    for _ in range(2):
        report = world.live(Night([("g", 1), *rows], responses={"f": word}))
        assert "f" in world.vendor.unset
        assert report is not None
        assert "1 user left the query and was not unset: " in report["warning"]
    world.live(Night([("g", 1), *rows]))
    assert world.vendor.unset == ["f"]
    world.live(Night([("g", 1), *rows]))
    assert world.vendor.unset == []


@pytest.mark.parametrize(
    ("word", "left", "withheld"),
    [("no", 1, "the push failed; the next one that succeeds unsets them"), ("busy", None, None)],
)
def test_after_a_push_that_failed_nobody_is_unset_and_the_next_night_makes_up_for_it(
    word: str, left: int | None, withheld: str | None
) -> None:
    world = World(max_removed=1.0)
    world.live(Night([("a", 1), ("b", 1), ("c", 1)]))
    report = world.live(Night([("a", 2), ("b", 1)], responses={"a": word}))
    assert report is not None
    assert report["failure"]
    assert world.vendor.unset == []
    removed = report["changed_only"]["removed"]
    assert (removed["left"], removed["withheld"]) == (left, withheld)
    world.live(Night([("a", 2), ("b", 1)]))
    assert world.vendor.unset == ["c"]


@pytest.mark.parametrize(
    ("max_removed", "leave", "is_unset"),
    [(0.05, 5, True), (0.05, 6, False), (1.0, 99, True), (5, 5, True), (5, 6, False), (0.0, 1, False), (0, 1, False)],
)
def test_more_than_max_removed_are_not_unset(max_removed: float, leave: int, is_unset: bool) -> None:
    world = World(max_removed)
    everybody = [(f"user-{number}", 0) for number in range(100)]
    world.live(Night(everybody))
    new = [(f"new-{number}", 0) for number in range(500)]  # who comes does not make more leave
    report = world.live(Night([*everybody[leave:], *new]))
    assert report is not None
    removed = report["changed_only"]["removed"]
    assert removed["left"] == leave
    assert (removed["unset"], len(world.vendor.unset)) == ((leave, leave) if is_unset else (0, 0))
    if not is_unset:
        assert f"that is {leave} of 100 users known" in report["warning"]
        assert f"push once with max_removed={leave}" in report["warning"]
        world.max_removed = leave
        world.live(Night([*everybody[leave:], *new]))
        assert len(world.vendor.unset) == leave


def test_an_id_that_differs_by_case_or_blanks_alone_is_not_unset() -> None:
    """To the vendor both may be one user, who would lose what was just set."""
    world = World(max_removed=1.0)
    world.live(Night([("Ada@x.org", 1), ("bob", 1), ("eve", 1)]))
    for _ in range(2):
        world.live(Night([("ada@x.org", 1), (" bob ", 1)]))
        assert "Ada@x.org" not in world.vendor.unset
        assert "bob" not in world.vendor.unset
    world.live(Night([(" bob ", 1)]))
    assert sorted(world.vendor.unset) == ["Ada@x.org", "ada@x.org"]


@pytest.mark.parametrize("blank", [" ", "\t", "\r", "\r\n", "\u00a0"])
def test_an_id_that_loses_a_blank_of_any_kind_is_not_unset(blank: str) -> None:
    world = World(max_removed=1.0)
    world.live(Night([(f"ada{blank}", 1), ("bob", 1)]))
    world.live(Night([("ada", 1)]))
    assert sorted(world.vendor.unset) == ["bob"]


def test_a_push_that_is_ended_while_it_unsets_goes_on_the_next_night() -> None:
    world = World(max_removed=1.0)
    everybody = [(f"user-{number}", 1) for number in range(20)]
    world.live(Night(everybody))
    push, rows = world.push(everybody[:5])

    def send(body: bytes, **_: Any) -> Any:
        if len(world.vendor.sent) == 23:
            push.interrupt(RetryLater("the task was asked to stop"))
        return world.vendor(body)

    report = push.run(rows, send)
    assert (report["stopped"], report["accepted"] + report["skipped"]) == (True, 5)
    assert isinstance(push.error, RetryLater)
    removed = report["changed_only"]["removed"]
    assert removed is not None
    assert 0 < removed["unset"] < 15
    assert world.vendor.users.keys() > dict(everybody[:5]).keys()
    world.live(Night(everybody[:5]))
    assert world.vendor.users == dict(everybody[:5])
    world.live(Night(everybody[:5]))
    assert world.vendor.sent == []


def test_rows_and_those_who_left_are_within_one_cap() -> None:
    world = World(max_removed=1.0)
    everybody = [(f"user-{number}", 1) for number in range(12)]
    world.live(Night(everybody))
    times: list[float] = []

    def send(body: bytes, **_: Any) -> Any:
        times.append(world.clock.monotonic())
        return world.vendor(body)

    push, rows = world.push([(user, 2) for user, _ in everybody[:6]])
    push.run(rows, send)
    assert len(times) == 12
    assert all(later - earlier > 1 - 1e-6 for earlier, later in zip(times, times[4:], strict=False)), "4 a second"

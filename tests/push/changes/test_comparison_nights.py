# SPDX-License-Identifier: Apache-2.0
"""Any sequence of nights against a model: after a night without faults the vendor holds what the query says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from push.changes.nights import NIGHTS, ROWS, WORDS, Night, Rows, World

pytestmark = pytest.mark.usefixtures("small_parts")


@settings(max_examples=300)
@given(nights=NIGHTS, last=ROWS)
# A try sends b and dies; the next night has a's and b's old values again.
@example(nights=[Night([("a", 0), ("b", 0)]), Night([("a", 1), ("b", 1)], writes=1)], last=[("a", 0), ("b", 0)])
# Of one user's two rows the second is what it was.
@example(nights=[Night([("a", 0)])], last=[("a", 1), ("a", 0)])
# Of one user's two rows the first is accepted; one part of the journal has that, and that the second is sent.
@example(nights=[Night([*[(user, 1) for user in "abcdef"], ("a", 2)], writes=4)], last=[("a", 1)])
# Two pushes at once, of which one sends nothing; then one of the files is lost.
@example(
    nights=[Night([("a", 0)]), Night([("a", 1)], other=[]), Night([], damaged=(0, True))],
    last=[("a", 0)],
)
# Two pushes at once; the one that began with less ends last.
@example(nights=[Night([("a", 0)]), Night([("a", 1)], other=[("a", 2)])], last=[("a", 1)])
def test_after_a_night_without_faults_the_vendor_holds_what_the_query_says(nights: list[Night], last: Rows) -> None:
    world = World()
    for night in [*nights, Night(last), Night(last)]:
        certain = dict(world.certain)
        report = world.live(night)
        if not night.is_clean:
            world.certain.clear()
            continue
        assert report is not None
        wanted = dict(night.rows)
        assert {user: world.vendor.users.get(user) for user in wanted} == wanted, "a change was taken for unchanged"
        assert report["rows"] == len(night.rows) == report["accepted"] + report["skipped"]
        assert report["accepted"] == len(world.vendor.sent)
        if not night.full_refresh:
            once = [user for user, _ in night.rows if [name for name, _ in night.rows].count(user) == 1]
            needless = [user for user, value in world.vendor.sent if user in once and certain.get(user) == value]
            assert not needless, "what the vendor holds was sent again"
        world.certain.update(wanted)


@given(rows=ROWS, word=WORDS)
@settings(max_examples=60)
def test_what_failed_is_sent_again_until_it_is_accepted(rows: Rows, word: str) -> None:
    world = World()
    world.live(Night([("f", 1), *rows]))
    for _ in range(2):
        world.live(Night([("f", 2), *rows], responses={"f": word}))
        assert ("f", 2) in world.vendor.sent
    report = world.live(Night([("f", 2), *rows]))
    assert ("f", 2) in world.vendor.sent
    assert report is not None
    world.live(Night([("f", 2), *rows]))
    assert ("f", 2) not in world.vendor.sent


def test_since_when_users_fail_is_said() -> None:
    world = World()
    world.live(Night([("a", 1), ("b", 1)], responses={"a": "no"}))
    first = int(world.clock.time())
    for _ in range(3):
        report = world.live(Night([("a", 1), ("b", 1)], responses={"a": "no"}))
    assert report is not None
    said = report["changed_only"]
    assert said["failing"] == 1
    assert first - 60 <= said["failing_since"] <= first
    report = world.live(Night([("a", 1), ("b", 1)]))
    assert report is not None
    assert (report["changed_only"]["failing"], report["changed_only"]["failing_since"]) == (0, None)


def test_everyone_is_refreshed_in_time_and_not_all_at_once() -> None:
    world = World()
    users = [(f"user-{number}", 0) for number in range(300)]
    last_sent: dict[str, int] = {}
    counts = []
    for night in range(25):
        world.clock.advance(86_400)
        world.vendor.sent.clear()
        push, rows = world.push(users, refresh_after=timedelta(days=10))
        push.run(rows, world.vendor)
        counts.append(len(world.vendor.sent))
        for user, _ in world.vendor.sent:
            assert night - last_sent.get(user, night) <= 10
            last_sent[user] = night
        assert all(night - last_sent[user] <= 10 for user, _ in users), "a user was unsent for longer"
    assert counts[0] == 300
    assert max(counts[1:]) < 100, "all at once"
    assert sum(counts[1:21]) == pytest.approx(600, abs=60)


def test_a_first_push_that_was_killed_is_gone_on_with_and_not_begun_again() -> None:
    world = World()
    users = [(f"user-{number}", 0) for number in range(60)]
    world.run(world.push(users, refresh_after=timedelta(days=10)), writes=8)
    accepted = {user for user, _ in world.vendor.sent}
    world.vendor.sent.clear()
    world.clock.advance(60)
    report = world.run(world.push(users, refresh_after=timedelta(days=10)))
    assert report is not None
    again = accepted & {user for user, _ in world.vendor.sent}
    assert report["changed_only"]["known"] > 0
    assert report["changed_only"]["refreshed"] == 0
    assert report["skipped"] == len(accepted) - len(again) > 0


def test_who_was_accepted_by_pushes_that_never_ended_is_refreshed_in_time() -> None:
    world = World()
    users = [(f"user-{number}", 0) for number in range(60)]
    world.run(world.push(users, refresh_after=timedelta(days=10)), writes=8)
    world.clock.advance(10 * 86_400)
    world.vendor.sent.clear()
    report = world.run(world.push(users, refresh_after=timedelta(days=10)))
    assert report is not None
    assert (report["skipped"], len(world.vendor.sent)) == (0, 60)

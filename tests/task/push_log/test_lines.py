# SPDX-License-Identifier: Apache-2.0
"""Which rows have a line, and when a user is said to fail, or not any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, NOT_APPLIED, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import UNCHANGED
from airflow_provider_userattrs.push_log import digest_of
from airflow_provider_userattrs.task.push_log.lines import Line, Lines, table_of

KEY = "ab" * 32
REFUSED = Verdict(Status.REJECTED, "55108", "EUID is invalid")
VERDICTS = {status: ACCEPTED if status is Status.ACCEPTED else Verdict(status, status.value) for status in Status}


def update(position: int, user: Any) -> UserUpdate:
    return UserUpdate(position, user, (user,), {"a": 1}, (), {})


class Log:
    """Collects lines."""

    def __init__(self, *failing: Any, **given: Any) -> None:
        self.lines: list[Line] = []
        self.calls = 0
        self.made = Lines(self._put, key=KEY, time=lambda: 5.0, **given)
        self.made.know(table_of(digest_of(str(user), KEY) for user in failing))

    def _put(self, lines: list[Line]) -> None:
        assert lines
        self.calls += 1
        self.lines += lines

    def record(self, *pairs: tuple[Any, Verdict]) -> list[Line]:
        """Give the lines on rows with these users and verdicts."""
        before = len(self.lines)
        rows = [update(position, user) for position, (user, _) in enumerate(pairs)]
        self.made.record(rows, [verdict for _, verdict in pairs])
        return self.lines[before:]


@pytest.mark.parametrize("status", Status, ids=str)
def test_a_row_has_a_line_if_it_was_not_applied(status: Status) -> None:
    pair = ("ada", VERDICTS[status])
    assert [line.verdict.status for line in Log().record(pair)] == ([status] if status in NOT_APPLIED else [])
    (line,) = Log(logs_all=True).record(pair)
    assert (line.position, line.user, line.digest, line.at, line.is_row) == (0, "ada", digest_of("ada", KEY), 5.0, True)
    assert line.fails is (None if status is Status.SKIPPED else status in NOT_APPLIED)


def test_an_accepted_row_is_nothing_to_log() -> None:
    log = Log()
    assert log.record(("ada", ACCEPTED), ("bob", ACCEPTED)) == []
    assert log.record(("ada", ACCEPTED), ("bob", UNCHANGED)) == []
    assert log.calls == 0


def test_a_user_who_failed_before_is_accepted() -> None:
    log = Log("ada")
    (line,) = log.record(("bob", ACCEPTED), ("ada", ACCEPTED))
    assert (line.user, line.is_row, line.fails) == ("ada", False, False)
    assert log.record(("ada", ACCEPTED)) == [], "once is enough"
    # In a batch with failures, and after one in this push.
    first, second = log.record(("ada", REFUSED), ("ada", ACCEPTED))
    assert (first.fails, first.is_row, second.fails, second.is_row) == (True, True, False, False)
    assert log.record(("ada", REFUSED))[0].fails
    assert [line.fails for line in log.record(("ada", ACCEPTED))] == [False]


def test_a_row_without_a_user() -> None:
    log = Log("ada")
    log.made.record([Outcome(4, REFUSED, {})], [REFUSED])
    assert log.lines == [Line(4, None, None, REFUSED, 5.0, True, None)]


def test_a_user_who_left_the_query() -> None:
    log = Log("ada", "bob", gone=frozenset({"55108"}))
    users = ["ada", "bob", "cleo"]
    log.made.record_removed(
        [update(position, user) for position, user in enumerate(users)],
        [ACCEPTED, REFUSED, Verdict(Status.UNSENT, "no-connection")],
    )
    assert [(line.position, line.user, line.verdict.code, line.fails) for line in log.lines] == [
        (None, "ada", "removed", False),
        (None, "bob", "55108", False),
        (None, "cleo", "no-connection", True),
    ]


def test_a_user_who_left_without_having_failed_is_logged_too() -> None:
    log = Log()
    log.made.record_removed([update(0, "ada")], [ACCEPTED])
    assert [(line.verdict.code, line.is_row, line.fails) for line in log.lines] == [("removed", True, False)]


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 5) | st.text(max_size=2), st.sampled_from(sorted(VERDICTS.values(), key=str))),
            min_size=1,
            max_size=4,
        ),
        max_size=8,
    ),
    st.sets(st.integers(0, 5)),
)
def test_at_any_level_the_same_users_fail(batches: list[list[tuple[Any, Verdict]]], failing: set[int]) -> None:
    """What is left out at the default level is nothing that would change who fails."""

    def users_failing(log: Log) -> set[str]:
        fails = {str(user): True for user in failing}
        for batch in batches:
            for line in log.record(*batch):
                if line.fails is not None:
                    fails[str(line.user)] = line.fails
        log.made.close()
        return {user for user, is_so in fails.items() if is_so}

    expected = {str(user): True for user in failing}
    for user, verdict in (pair for batch in batches for pair in batch):
        if verdict.status is not Status.SKIPPED:
            expected[str(user)] = verdict.status in NOT_APPLIED
    said = {user for user, is_so in expected.items() if is_so}
    assert users_failing(Log(*failing)) == users_failing(Log(*failing, logs_all=True)) == said


def test_rows_accepted_elsewhere_are_equal_and_not_the_same() -> None:
    """A verdict that says no more than ``ACCEPTED`` does is one, whoever made it."""
    made: Callable[[], Verdict] = lambda: replace(ACCEPTED)  # noqa: E731
    log = Log("ada")
    assert [line.fails for line in log.record(("ada", made()))] == [False]

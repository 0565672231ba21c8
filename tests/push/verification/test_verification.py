# SPDX-License-Identifier: Apache-2.0
"""Users are read back three times at most, within the cap, and what is not there yet is no failure."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import NoResponse
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.verification.verification import READ_AT, Verification
from airflow_provider_userattrs.vendors.moengage.get_user import get_user

UPDATES = [UserUpdate(number, f"u{number}", (f"u{number}",), {"a": number}, (), {}) for number in range(50)]


class Vendor:
    """Answers with what is held by then.

    :param clock: the time.
    :param held_from: user's number -> from when on the value that was sent is held; None for never.
    """

    def __init__(self, clock: Any, held_from: Callable[[int], Any]) -> None:
        self.clock, self.held_from = clock, held_from
        self.asked: list[tuple[float, int]] = []
        self.fails: list[Any] = []

    def __call__(self, body: bytes, **_: Any) -> Response:
        users = [each["identifier"] for each in json.loads(body)["data"]["identifiers"]]
        self.asked.append((self.clock.monotonic(), len(users)))
        if self.fails:
            failure = self.fails.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return Response(failure, {}, b"{}")
        found, missing = [], []
        for user in users:
            number = int(user[1:])
            when = self.held_from(number)
            if when == "unknown":
                missing.append({"identifier_type": "customer_id", "identifier": user})
            elif when == "different":
                found.append({"user_attributes": {"customer_id": user, "a": -1}})
            elif when is None or self.clock.monotonic() < when:
                found.append({"user_attributes": {"customer_id": user}})
            else:
                found.append({"user_attributes": {"customer_id": user, "a": number}})
        return Response(200, {}, json.dumps({"data": {"users": found, "users_not_found": missing}}).encode())


@pytest.fixture
def verify(clock: Any) -> Callable[..., Any]:
    def verify(held_from: Any, updates: Any = UPDATES, fails: Any = (), wake: Any = None) -> Any:
        vendor = Vendor(clock, held_from)
        vendor.fails = list(fails)
        verified = Verification(get_user("set"), vendor, clock, wake or Event(), 1_000 / 60).run(updates)
        assert verified["sampled"] == len(updates)
        counts = ("equal", "not_yet", "different", "unknown_user", "unread")
        assert sum(verified[name] for name in counts) == len(updates)  # type: ignore[literal-required]
        return verified, vendor

    return verify


def test_what_is_stored_is_read_once(verify: Any) -> None:
    verified, vendor = verify(lambda number: 0)
    assert (verified["equal"], verified["why"]) == (50, None)
    assert [users for _, users in vendor.asked] == [20, 20, 10]
    assert vendor.asked[0][0] == READ_AT[0]


def test_the_cap_is_kept(verify: Any) -> None:
    many = [UserUpdate(number, f"u{number}", (f"u{number}",), {"a": number}, (), {}) for number in range(1_000)]
    _, vendor = verify(lambda number: 0, many)
    moments = [moment for moment, _ in vendor.asked]
    assert all(later - earlier >= 1.2 - 1e-6 for earlier, later in itertools.pairwise(moments))


def test_what_comes_late_is_looked_for_again_and_only_that(verify: Any) -> None:
    verified, vendor = verify(lambda number: 100 if number < 3 else 0)
    assert verified["equal"] == 50
    assert [users for _, users in vendor.asked] == [20, 20, 10, 3]


def test_what_does_not_come_is_not_yet_and_it_ends(verify: Any, clock: Any) -> None:
    kinds = {0: None, 1: "different", 2: "unknown"}
    verified, _ = verify(lambda number: kinds.get(number, 0))
    assert (verified["equal"], verified["not_yet"], verified["different"], verified["unknown_user"]) == (47, 1, 1, 1)
    assert clock.monotonic() <= READ_AT[-1] + 10


def test_an_account_without_get_user_is_asked_once(verify: Any, clock: Any) -> None:
    verified, vendor = verify(lambda number: 0, fails=[403])
    assert (verified["unread"], len(vendor.asked)) == (50, 1)
    assert "Get User (403)" in verified["why"]
    assert clock.monotonic() == READ_AT[0]


@pytest.mark.parametrize("failure", [500, 429, NoResponse("no answer"), ZeroDivisionError()], ids=str)
def test_a_request_without_an_answer_is_made_again_the_next_time(verify: Any, failure: Any) -> None:
    verified, _ = verify(lambda number: 0, fails=[failure])
    assert (verified["equal"], verified["unread"]) == (50, 0)


def test_a_vendor_that_never_answers_is_said_so(verify: Any) -> None:
    verified, vendor = verify(lambda number: 0, fails=[500] * 99)
    assert (verified["unread"], len(vendor.asked)) == (50, 9)
    assert verified["why"] == ("some requests got no response that could be read; the last one got HTTP status 500")


def test_no_response_at_all_is_said_so(verify: Any) -> None:
    verified, _ = verify(lambda number: 0, fails=[NoResponse("no answer")] * 99)
    assert verified["why"] == "some requests got no response that could be read; the last one got none"


def test_users_of_whom_nothing_can_be_compared_are_not_read(verify: Any) -> None:
    updates = [UserUpdate(0, "u0", ("u0",), {"email": "ada@example.com"}, (), {})]
    verified, _ = verify(lambda number: None, updates)
    assert (verified["unread"], verified["not_yet"]) == (1, 0)
    assert verified["why"] == "of some users nothing came back that could be compared"


def test_it_ends_at_once_when_the_task_is_told_to_stop(fake_clock: Any) -> None:
    clock, wake = fake_clock(), Event()
    vendor = Vendor(clock, lambda number: 0)
    clock.sleep = lambda seconds, woken: woken.set()
    verified = Verification(get_user("set"), vendor, clock, wake, 1_000 / 60).run(UPDATES)
    assert (verified["unread"], verified["why"], vendor.asked) == (50, "the task was told to stop", [])


def test_nobody_to_read_back_is_nothing_to_wait_for(verify: Any, clock: Any) -> None:
    verified, vendor = verify(lambda number: 0, [])
    assert (verified["sampled"], vendor.asked, clock.monotonic()) == (0, [], 0)

# SPDX-License-Identifier: Apache-2.0
"""The users that were looked up are remembered, within bounds, until one is refused."""

from __future__ import annotations

from airflow_provider_userattrs.push.delivery import known_users
from airflow_provider_userattrs.push.delivery.known_users import RememberedUsers, forgetting
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict


def test_only_the_last_are_remembered() -> None:
    users = RememberedUsers()
    for number in range(known_users.MAX_REMEMBERED + 1):
        users.add(str(number), number)
    assert (users.get("0"), users.get(str(known_users.MAX_REMEMBERED))) == (None, known_users.MAX_REMEMBERED)


def test_users_whom_the_vendor_does_not_know_are_forgotten() -> None:
    users = RememberedUsers()
    for name in "abcd":
        users.add(name, ord(name))
    rows = [UserUpdate(at, name, (at,), {}, (), {}) for at, name in enumerate("abc")]
    verdicts = [ACCEPTED, Verdict(Status.REJECTED, "55108"), Verdict(Status.REJECTED, "55102")]
    forgetting(users, {"55108"})([*rows, Outcome(3, verdicts[1], {}, "d")], [*verdicts, verdicts[1]])
    assert [users.get(name) for name in "abcd"] == [97, None, 99, 100]

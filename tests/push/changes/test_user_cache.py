# SPDX-License-Identifier: Apache-2.0
"""Looked-up users are kept from one push to the next: each under its own id alone, for a while, and never in doubt."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from airflow_provider_userattrs.push.changes.user_cache import UserCache
from airflow_provider_userattrs.push.model.clock import Clock

DAY = 86_400


class Files:
    """A folder in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.broken: set[str] = set()

    def names(self) -> list[str]:
        return [*self.files, "other.00000000000000000000000000000000.users", "c.txt"]

    def read(self, name: str) -> Any:
        if name in self.broken:
            raise PermissionError
        return io.BytesIO(self.files[name])

    @contextmanager
    def write(self, name: str) -> Iterator[Any]:
        file = io.BytesIO()
        yield file
        self.files[name] = file.getvalue()

    def delete(self, name: str) -> None:
        self.files.pop(name, None)


class At(Clock):
    def __init__(self, day: int) -> None:
        self.day = day

    def time(self) -> float:
        return self.day * DAY + 5.0


@pytest.fixture
def files() -> Files:
    return Files()


def opened(files: Files, day: int = 20_000, secret: bytes = b"s", **options: Any) -> UserCache:
    return UserCache(files, "c", secret, max_age=options.pop("max_age", timedelta(days=30)), clock=At(day), **options)


def night(files: Files, users: dict[str, int], day: int = 20_000, *, complete: bool = True) -> None:
    cache = opened(files, day)
    for name, user in users.items():
        cache.add(name, user)
    cache.close(complete=complete)


def test_users_of_several_nights(files: Files) -> None:
    for number in range(30):
        night(files, {f"n-{number}": number + 1, "same": number + 1}, 20_000 + number // 5, complete=number % 3 > 0)
    assert len(files.files) <= 9
    cache = opened(files, 20_006)
    assert [cache.get(f"n-{number}") for number in range(30)] == list(range(1, 31))
    assert cache.get("same") in (None, 26, 27, 28, 29, 30)
    assert cache.get("N-1") is None


def test_many_users_and_large_euids(files: Files) -> None:
    users = {f"u-{number}": 2**63 - 1 - number for number in range(5_000)}
    night(files, users)
    cache = opened(files)
    assert {name: cache.get(name) for name in users} == users
    assert len(files.files) == 1


def test_of_one_day_s_two_answers_neither_counts(files: Files) -> None:
    night(files, {"a": 1, "b": 2})
    night(files, {"a": 7, "b": 2})
    cache = opened(files)
    assert (cache.get("a"), cache.get("b")) == (None, 2)


def test_the_later_answer_counts(files: Files) -> None:
    for day, user in ((20_001, 2), (20_000, 1), (20_002, 3), (20_001, 4)):
        night(files, {"a": user}, day, complete=False)
    assert opened(files, 20_002).get("a") == 3


def test_what_was_forgotten_is_looked_up_again(files: Files) -> None:
    night(files, {"a": 1, "b": 2})
    cache = opened(files, 20_001)
    cache.forget("a")
    assert cache.get("a") is None
    cache.close(complete=False)
    assert (opened(files, 20_001).get("a"), opened(files, 20_001).get("b")) == (None, 2)
    night(files, {"a": 5}, 20_002)
    assert opened(files, 20_002).get("a") == 5


def test_each_user_is_too_old_at_a_time_of_its_own(files: Files) -> None:
    users = {f"u-{number}": number + 1 for number in range(1_000)}
    night(files, users)
    caches = [opened(files, 20_000 + age) for age in range(32)]
    young = [sum(cache.get(name) is not None for name in users) for cache in caches]
    assert young[:15] == [1_000] * 15
    assert young[30] == 0, "found at the start of its day, it is 30 days old"
    assert max(before - after for before, after in pairwise(young)) < 120


@pytest.mark.parametrize(
    ("max_age", "days"), [(timedelta(days=1), 1), (timedelta(hours=47), 1), (timedelta(days=30), 30)], ids=str
)
def test_nobody_is_known_for_longer_than_said(files: Files, max_age: timedelta, days: int) -> None:
    users = {f"u-{number}": number + 1 for number in range(4_000)}
    night(files, users)
    today, last = (opened(files, 20_000 + day, max_age=max_age) for day in (0, days))
    assert sum(today.get(name) is not None for name in users) == 4_000
    assert sum(last.get(name) is not None for name in users) == 0


def test_what_is_too_old_is_left_out_of_the_files(files: Files) -> None:
    night(files, {f"u-{number}": number + 1 for number in range(4_000)})
    (size,) = map(len, files.files.values())
    night(files, {f"v-{number}": number + 1 for number in range(4_000)}, 20_031)
    (after,) = map(len, files.files.values())
    assert after <= size


def test_another_secret_knows_nobody(files: Files) -> None:
    night(files, {"a": 1})
    assert opened(files, secret=b"t").get("a") is None


def test_ids_with_the_same_key_are_not_confused(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserCache, "_digests", lambda self, name: (7, ord(name)))
    cache = opened(files)
    cache.add("a", 1)
    assert (cache.get("a"), cache.get("b")) == (1, None)
    cache.close(complete=True)
    night(files, {"b": 2})
    cache = opened(files)
    assert cache.get("a") in (1, None)
    assert cache.get("b") in (2, None)


def test_damaged_files_are_replaced_and_unreadable_ones_are_left_alone(files: Files) -> None:
    for number in range(4):
        night(files, {f"n-{number}": number + 1}, complete=False)
    damaged, broken, *_ = files.files
    files.files[damaged] = files.files[damaged][:-3]
    files.broken.add(broken)
    cache = opened(files)
    assert [cache.get(f"n-{number}") for number in range(4)] == [None, None, 3, 4]
    for number in range(300):
        cache.add(f"m-{number}", number + 1)
    cache.close(complete=True)
    assert damaged not in files.files
    assert broken in files.files


def test_nothing_is_written_if_nothing_was_found_or_in_a_dry_run(files: Files) -> None:
    opened(files).close(complete=True)
    cache = opened(files, writes=False)
    cache.add("a", 1)
    cache.close(complete=True)
    assert files.files == {}


def test_a_storage_that_fails_is_told(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Exception] = []
    cache = opened(files, on_failure=errors.append)
    cache.add("a", 1)
    monkeypatch.setattr(files, "write", lambda name: 1 / 0)
    cache.close(complete=True)
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_an_email_address_as_an_id_is_not_found_in_the_files(files: Files) -> None:
    night(files, {"ada@example.com": 1, "\u00fc@example.com": 2})
    (content,) = files.files.values()
    assert b"ada" not in content
    assert opened(files).get("\u00fc@example.com") == 2

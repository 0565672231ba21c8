# SPDX-License-Identifier: Apache-2.0
"""A random sample: never larger than asked for, fair, and with all that was sent of its users last."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.push.verification.sample import Sample


def row(user: str, attributes: dict[str, Any] | None = None, unset: tuple[str, ...] = ()) -> UserUpdate:
    return UserUpdate(0, user, (user,), attributes or {"a": 1}, unset, {"personal": "data"})


def test_it_never_holds_more_and_each_row_is_as_likely() -> None:
    drawn: Counter[Any] = Counter()
    for seed in range(400):
        sample = Sample(5, random.Random(seed))
        for first in range(0, 50, 10):
            sample.record([row(f"u{number}") for number in range(first, first + 10)], [ACCEPTED] * 10)
        assert len(sample.updates) == 5
        drawn.update(update.user for update in sample.updates)
    assert len(drawn) == 50
    assert min(drawn.values()) > 15, "forty are to be expected"
    assert max(drawn.values()) < 75


def test_only_accepted_rows_are_sampled_and_the_rows_themselves_are_not_kept() -> None:
    sample = Sample(5)
    refused = Verdict(Status.REJECTED, "400")
    sample.record([row("ada"), row("bob")], [refused, ACCEPTED])
    [update] = sample.updates
    assert (update.user, update.row) == ("bob", {})


def test_a_later_row_of_a_user_is_merged() -> None:
    sample = Sample(5)
    sample.record([row("ada", {"a": 1, "b": 1, "c": 1}, ("d",))], [ACCEPTED])
    sample.record([row("ada", {"b": 2, "d": 2}, ("c",))], [ACCEPTED])
    [update] = sample.updates
    assert (update.attributes, list(update.unset)) == ({"a": 1, "b": 2, "d": 2}, ["c"])


@pytest.mark.parametrize(
    ("status", "left"), [("unknown", 0), ("rejected", 0), ("partial", 0), ("unsent", 1), ("skipped", 1), ("invalid", 1)]
)
def test_a_later_row_in_doubt_takes_its_user_out(status: str, left: int) -> None:
    sample = Sample(5)
    sample.record([row("ada")], [ACCEPTED])
    sample.record([row("ada", {"a": 2})], [Verdict(Status(status), "x")])
    assert len(sample.updates) == left

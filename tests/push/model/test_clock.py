# SPDX-License-Identifier: Apache-2.0
"""The real clock, where it can be seen without waiting."""

from __future__ import annotations

import time
from threading import Event

from airflow_provider_userattrs.push.model.clock import Clock


def test_monotonic_never_goes_back() -> None:
    seen = [Clock().monotonic() for _ in range(1_000)]
    assert seen == sorted(seen)


def test_time_is_that_of_the_epoch() -> None:
    before = time.time()
    assert before <= Clock().time() <= time.time()


def test_sleep_ends_when_woken() -> None:
    wake = Event()
    wake.set()
    Clock().sleep(3_600, wake)


def test_sleep_of_no_time_ends_by_itself() -> None:
    Clock().sleep(0, Event())

# SPDX-License-Identifier: Apache-2.0
"""Watermark, gaps and counts: whatever the order in which rows finish, none is lost and none is counted twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.key_log import KeyLog
from airflow_provider_userattrs.push.report.watermark import MAX_GAPS, Watermark
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint

REJECTED = Verdict(Status.REJECTED, "404", "not found", "Check.")
UNSENT = Verdict(Status.UNSENT, "429", "too many", "Retry.", Action.RETRY)
PASSING = Verdict(Status.UNKNOWN, "500", "server error", "Check.", Action.RETRY)
UNKNOWN = Verdict(Status.UNKNOWN, "unreadable", "unreadable", "Check.")
KINDS = [ACCEPTED, ACCEPTED, REJECTED, UNSENT, PASSING, UNKNOWN]
PRINT = Fingerprint("rows", "settings")


def test_with_too_many_gaps_the_rows_after_them_are_unfinished() -> None:
    watermark = Watermark()
    for position in range(0, 4 * MAX_GAPS, 2):
        watermark.finish(position + 1, position + 2).add_accepted(1)
    below, gaps, key_gaps, counts, is_whole = watermark.cut()
    assert not is_whole
    assert key_gaps == []
    assert len(gaps) == MAX_GAPS
    assert counts.rows == below - sum(behind - first for first, behind in gaps)
    assert below < watermark.end == 4 * MAX_GAPS
    state = Checkpoint(PRINT, below=below, gaps=tuple(gaps), counts=counts.state(20)).as_dict()
    assert len(json.dumps(state)) < 32 * 1024


def test_a_checkpoint_is_small_whatever_the_reasons() -> None:
    counts = Counts()
    for number in range(1_000):
        counts.add(number, Verdict(Status.REJECTED, f"code-{number}", "m" * 900, "r" * 900, attribute="é" * 60))
    gaps = tuple((10**9 + 2 * number, 10**9 + 2 * number + 1) for number in range(MAX_GAPS))
    facts = {
        "notes": [["n" * 60, "time cut to the second", 10**9]] * 20,
        "timeline": {"interval_seconds": 65_536.0, "rows": [10**9] * 60, "retries": [10**6] * 60},
        "push": {"report": {"accepted_means": "m" * 80}, "details": {"configuration": {"attributes": "n" * 2_500}}},
    }
    state = Checkpoint(PRINT, below=2 * 10**9, gaps=gaps, counts=counts.state(20), facts=facts).as_dict()
    assert len(json.dumps(state)) < 32 * 1024
    assert Counts.restored(counts.state(20)).rows == 1_000


@pytest.mark.parametrize("state", [{}, {"format": 0}, {"format": 1}, {"format": 1, "fingerprint": 5}, {"format": "1"}])
def test_anything_but_a_checkpoint_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="damaged, or of another version"):
        Checkpoint.from_dict(state)


def test_a_fingerprint_names_what_differs() -> None:
    assert PRINT.differs_in(Fingerprint("rows", "settings")) == []
    assert PRINT.differs_in(Fingerprint("others", "settings")) == ["input"]
    assert PRINT.differs_in(Fingerprint("others", "other")) == ["input", "configuration"]


def test_resuming_from_a_cursor_keeps_the_positions() -> None:
    checkpoint = Checkpoint(PRINT, below=8, gaps=((3, 5),))
    left = [(at, row) for at, row in enumerate("cdefghijk", 2) if checkpoint.is_unfinished(at)]
    assert left == [(3, "d"), (4, "e"), (8, "i"), (9, "j"), (10, "k")]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)], ids=str)
def test_a_gap_is_named_by_all_keys_that_a_database_may_take_for_one(order: tuple[int, ...]) -> None:
    keys = KeyLog()
    keys.note(range(4), ["a", "b", "B", " b"])
    watermark = Watermark(keys)
    for position in order:
        watermark.finish(position, position + 1).add_accepted(1)
    [gap] = watermark.cut().key_gaps
    assert gap.after == ("b", "B", " b")


def test_what_earlier_tries_finished_stays_finished_though_there_is_no_room_for_further_gaps() -> None:
    earlier = Counts()
    earlier.add_accepted(7 * MAX_GAPS)
    watermark = Watermark()
    watermark.restore(10 * MAX_GAPS, [(first + 5, first + 8) for first in range(0, 10 * MAX_GAPS, 10)], earlier)
    for first in range(0, 10 * MAX_GAPS, 10):  # each gap becomes two
        watermark.finish(first + 6, first + 7).add_accepted(1)
    cut = watermark.cut()
    assert (cut.below, len(cut.gaps), cut.is_whole) == (10 * MAX_GAPS, MAX_GAPS, False)
    assert cut.counts.rows == 7 * MAX_GAPS == cut.below - sum(end - first for first, end in cut.gaps)

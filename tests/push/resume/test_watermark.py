# SPDX-License-Identifier: Apache-2.0
"""Watermark, holes and tally: whatever the order in which rows finish, none is lost and none is counted twice."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.push.resume.watermark import MOST_HOLES, Watermark

REJECTED = Verdict(Status.REJECTED, "404", "not found", "Check.")
UNSENT = Verdict(Status.UNSENT, "429", "too many", "Retry.", Action.RETRY)
PASSING = Verdict(Status.UNKNOWN, "500", "server error", "Check.", Action.RETRY)
UNKNOWN = Verdict(Status.UNKNOWN, "unreadable", "unreadable", "Check.")
KINDS = [ACCEPTED, ACCEPTED, REJECTED, UNSENT, PASSING, UNKNOWN]
PRINT = Fingerprint("rows", "settings")


@settings(max_examples=300, deadline=None)
@given(
    verdicts=st.lists(st.sampled_from(KINDS), max_size=80),
    order=st.randoms(use_true_random=False),
    finished=st.floats(0, 1),
    idempotent=st.booleans(),
    size=st.integers(1, 7),
)
def test_a_cut_names_exactly_the_unfinished_rows(
    verdicts: list[Verdict], order: random.Random, finished: float, idempotent: bool, size: int
) -> None:
    watermark = Watermark(idempotent=idempotent)
    batches = [list(range(start, min(start + size, len(verdicts)))) for start in range(0, len(verdicts), size)]
    order.shuffle(batches)
    done: set[int] = set()
    for batch in batches[: round(finished * len(batches))]:
        watermark.finish(batch, [verdicts[position] for position in batch])
        done |= {
            position
            for position in batch
            if verdicts[position].status is not Status.UNSENT
            and not (idempotent and verdicts[position].action is Action.RETRY)
        }
    below, holes, gaps, tally = watermark.cut()
    assert gaps == []
    named = set(range(below)) - {position for first, behind in holes for position in range(first, behind)}
    assert named == done
    assert tally.rows == len(done)
    assert tally.counts[Status.ACCEPTED] == sum(verdicts[position] is ACCEPTED for position in done)

    state = Checkpoint(PRINT, below=below, holes=tuple(holes), tally=tally.state(20)).as_dict()
    read = Checkpoint.from_dict(json.loads(json.dumps(state)))
    left = [position for position, _ in read.unfinished(iter(verdicts))]
    assert left == [position for position in range(len(verdicts)) if position not in done]
    again = Watermark(idempotent=idempotent)
    again.restore(read.below, read.holes, Counts.restored(read.tally))
    for position in left:
        again.finish([position], [REJECTED])
    assert again.cut()[:2] == (len(verdicts), []) or not verdicts
    assert again.cut().tally.rows == len(verdicts)


def test_more_holes_than_can_be_named_leave_what_is_behind_unfinished() -> None:
    watermark = Watermark(idempotent=True)
    for position in range(0, 4 * MOST_HOLES, 2):
        watermark.finish([position + 1], [ACCEPTED])
    below, holes, gaps, tally = watermark.cut()
    assert gaps == []
    assert len(holes) == MOST_HOLES
    assert tally.rows == below - sum(behind - first for first, behind in holes)
    assert watermark.gaps == 2 * MOST_HOLES
    state = Checkpoint(PRINT, below=below, holes=tuple(holes), tally=tally.state(20)).as_dict()
    assert len(json.dumps(state)) < 32 * 1024


def test_a_checkpoint_is_small_whatever_the_reasons() -> None:
    tally = Counts()
    for number in range(1_000):
        tally.add(number, Verdict(Status.REJECTED, f"code-{number}", "m" * 900, "r" * 900, attribute="é" * 60))
    holes = tuple((10**9 + 2 * number, 10**9 + 2 * number + 1) for number in range(MOST_HOLES))
    facts = {
        "notes": [["n" * 60, "time cut to the second", 10**9]] * 20,
        "timeline": {"stretch": 65_536.0, "rows": [10**9] * 60, "retries": [10**6] * 60},
        "push": {"report": {"accepted_means": "m" * 80}, "said": {"configuration": {"attributes": "n" * 2_500}}},
    }
    state = Checkpoint(PRINT, below=2 * 10**9, holes=holes, tally=tally.state(20), facts=facts).as_dict()
    assert len(json.dumps(state)) < 32 * 1024
    assert Counts.restored(tally.state(20)).rows == 1_000


@pytest.mark.parametrize("state", [{}, {"format": 0}, {"format": 1}, {"format": 1, "fingerprint": 5}, {"format": "1"}])
def test_what_is_no_checkpoint_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="damaged, or of another version"):
        Checkpoint.from_dict(state)


def test_a_fingerprint_names_what_differs() -> None:
    assert PRINT.differs_in(Fingerprint("rows", "settings")) == []
    assert PRINT.differs_in(Fingerprint("others", "settings")) == ["input"]
    assert PRINT.differs_in(Fingerprint("others", "other")) == ["input", "configuration"]


def test_reading_on_from_a_place_keeps_the_positions() -> None:
    checkpoint = Checkpoint(PRINT, below=8, holes=((3, 5),))
    assert list(checkpoint.unfinished(iter("cdefghijk"), 2)) == [(3, "d"), (4, "e"), (8, "i"), (9, "j"), (10, "k")]

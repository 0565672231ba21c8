# SPDX-License-Identifier: Apache-2.0
"""The positions of the rows that a later try reads: those that they had in the first one."""

from __future__ import annotations

from itertools import chain, islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from push.delivery.fake_vendor import operation
from push.resume.test_checkpointer import MemoryStore
from push.resume.test_pending import Numbered

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.push.report import watermark
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.report.watermark import MAX_KEY_BYTES
from airflow_provider_userattrs.push.resume import checkpointer as checkpoints
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.push.resume.checkpointer import Checkpointer
from airflow_provider_userattrs.push.resume.pending import pending
from airflow_provider_userattrs.push.resume.positions import Positions
from airflow_provider_userattrs.push.resume.unfinished import Unfinished

REJECTED = Verdict(Status.REJECTED, "404", "not found", "Check.")
UNSENT = Verdict(Status.UNSENT, "429", "too many", "Retry.", Action.RETRY)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    edges = sorted(draw(st.sets(st.integers(0, 60), max_size=12)))
    gaps = list(zip(edges[0::2], edges[1::2], strict=False))
    return (gaps[-1][1] if gaps else 0) + draw(st.integers(0, 20)), gaps


@given(spans(), st.integers(0, 80), st.integers(0, 40))
def test_they_are_those_in_gaps_and_all_from_one_on(
    given_spans: tuple[int, list[tuple[int, int]]], start: int, count: int
) -> None:
    below, gaps = given_spans
    positions = Positions(below, gaps)
    expected = [*(each for first, end in gaps for each in range(first, end)), *range(below, below + 200)]
    assert list(positions[start : start + count]) == expected[start : start + count]
    assert positions[start] == expected[start]
    assert [number + positions.shift for number in range(positions.in_gaps, 150)] == expected[positions.in_gaps : 150]


class Collated:
    """Rows read by key as a database reads them that takes letters for the same whatever their case.

    :param sizes: how many keys of each letter are the same to it.
    """

    def __init__(self, sizes: list[int], chunk: int) -> None:
        forms = [[f"{number:02}a", f"{number:02}A", f"{number:02}á"] for number in range(len(sizes))]
        self.keys = [key for group, size in zip(forms, sizes, strict=True) for key in group[:size]]
        self._chunk = chunk

    def unfinished(self, state: Any) -> list[str]:
        unfinished = Unfinished() if state is None else Unfinished.from_dict(state)
        return [
            key
            for key in self.keys
            if key not in unfinished.edges
            and all(any(_is_within(key, gap) for gap in gaps) for gaps in unfinished.tries)
        ]

    def rows(self, state: Any) -> Any:
        left = iter(self.unfinished(state))
        while keys := list(islice(left, self._chunk)):
            yield Keys(keys)
            yield Chunk(list(keys))
        yield Keys((), still_there=0)


def _is_within(key: str, gap: Any) -> bool:
    number, after, before = key[:2], gap.after[:1], gap.before[-1:]
    return (not after or number >= after[0][:2]) and (not before or number <= before[0][:2])


@settings(max_examples=150)
@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=25),
    chunk=st.integers(1, 7),
    max_gaps=st.sampled_from([1, 3, 5, 500]),
    key_bytes=st.sampled_from([60, 200, MAX_KEY_BYTES]),
    tries=st.integers(1, 5),
    chance=st.randoms(use_true_random=False),
)
def test_a_row_keeps_its_position_however_often_a_push_resumes_by_key(
    sizes: list[int], chunk: int, max_gaps: int, key_bytes: int, tries: int, chance: Any
) -> None:
    """Whatever is left by key is what is left by position, and no row is counted twice."""
    source = Collated(sizes, chunk)
    store = MemoryStore()
    checkpoint = Checkpoint(Fingerprint("rows", "settings"))
    finished: set[int] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watermark, "MAX_GAPS", max_gaps)
        patch.setattr(checkpoints, "MAX_KEY_BYTES", key_bytes)
        for _ in range(tries):
            begun = checkpoint.begin()
            book = begun.open_book(idempotent=True)
            account = Account(operation(), Details(), book=book, tries=begun.tries)
            writer = Checkpointer(store, begun, account, idempotent=True, clock=account._clock)
            mapper: Any = Numbered()
            pairs: Any = chain.from_iterable(pending(source.rows(begun.after), begun, writer, mapper))
            read = list(pairs)
            assert [source.keys[position] for position, _ in read] == [key for _, key in read]
            done = set(finished)
            busy = chance.choice([0.1, 0.4, 0.8])  # the share of rows that are left for a later try
            for position, _ in sorted(read, key=lambda pair: pair[0] + chance.uniform(0, chunk)):
                verdict = UNSENT if chance.random() < busy else chance.choice([ACCEPTED, ACCEPTED, REJECTED])
                book.record([UserUpdate(position, None, (), {}, (), {})], [verdict])
                done |= {position} if verdict is not UNSENT else set()
                if chance.random() < 0.1:
                    writer.close(complete=False)
            if chance.random() < 0.7:  # else it is killed
                writer.close(complete=False)
            if store.kept is None:
                continue
            checkpoint = store.checkpoint
            left = [position for position in range(len(source.keys)) if checkpoint.is_unfinished(position)]
            assert [source.keys[position] for position in left] == source.unfinished(checkpoint.keys)
            assert finished <= set(range(len(source.keys))).difference(left) <= done
            finished = set(range(len(source.keys))).difference(left)
            assert checkpoint.open_book(idempotent=True).rows == len(finished)
            assert len(checkpoint.gaps) <= max_gaps

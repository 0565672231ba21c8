# SPDX-License-Identifier: Apache-2.0
"""Rows that come in chunks: the same batches and verdicts as if each came by itself."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from push.delivery.fake_vendor import operation
from push.delivery.test_intake import Book

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.intake import Intake
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict

SKIPPED = Verdict(Status.SKIPPED, "nothing-to-set", "nothing", "Nothing.")
UNSENT = Verdict(Status.UNSENT, "429", "too many requests", "Retry.")

#: What becomes of a user's row: the vendor takes it, cannot take it now, or it is never sent.
kinds = st.sampled_from(["fit", "fit", "fit", "fit", "busy", "unfit", "nothing to send"])
lines = st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), kinds), max_size=40)


def made(position: int, user: str, kind: str) -> UserUpdate | Outcome:
    if kind == "nothing to send":
        return Outcome(position, SKIPPED, {})
    return UserUpdate(position, user, (user,), {"x": "\ud800" if kind == "unfit" else position}, (), {})


def encode_all(updates: Updates) -> bytes:
    return orjson.dumps(list(updates.attributes))[1:-1]


def chunked(rows: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
    """Return chunks of the rows, as columns where they are all updates, and one that has none in between."""
    chunks: list[Any] = []
    for size in (*sizes, len(rows)):
        some, rows = rows[:size], rows[size:]
        is_columns = some and all(isinstance(row, UserUpdate) for row in some)
        chunks += [Updates.of(some) if is_columns else some, []]
    return chunks


def pushed(
    chunks: Sequence[Any], given: Sequence[tuple[str, str]], turns: Sequence[bool], read_on: bool, **options: Any
) -> Any:
    """Take and finish batches in turn until the turns end; return all that is to be seen of it."""
    book = Book()
    target = operation(encode=lambda update: orjson.dumps(update.attributes), **options)
    intake = Intake(iter(chunks), target, book, Event())
    in_flight: list[Batch] = []
    bodies: list[bytes] = []
    for is_taken in turns:
        if is_taken and (batch := intake.next_batch()):
            bodies.append(batch.body(target))
            in_flight.append(batch)
        elif in_flight:
            batch = in_flight.pop(0)
            busy = [given[update.position][1] == "busy" for update in batch.updates]
            intake.finish(batch.updates, [UNSENT if is_busy else ACCEPTED for is_busy in busy])
    reached, before = intake.reached, book.codes()
    intake.abandon(read_on=read_on)
    return bodies, before, book.codes(), reached, intake.duplicates


@settings(max_examples=300)
@given(
    given=lines,
    sizes=st.lists(st.integers(1, 12), max_size=8),
    turns=st.lists(st.sampled_from([True, True, False]), max_size=90),
    max_users=st.sampled_from([1, 2, 3, 5, None]),
    max_bytes=st.sampled_from([None, 9, 25, 60]),
    together=st.booleans(),
    read_on=st.booleans(),
)
def test_chunks_change_nothing(
    given: Any, sizes: Any, turns: Any, max_users: int | None, max_bytes: int | None, together: bool, read_on: bool
) -> None:
    rows = [made(position, *line) for position, line in enumerate(given)]
    options = {"max_users": max_users, "max_bytes": max_bytes, "encode_all": encode_all if together else None}
    by_itself = pushed([[row] for row in rows], given, turns, read_on, **options)
    assert pushed(chunked(rows, sizes), given, turns, read_on, **options) == by_itself


def test_a_request_may_hold_so_many_bytes_whatever_comes_along() -> None:
    rows: list[Any] = [
        UserUpdate(position, f"user{position}", (position,), {"x": "x" * (60 if position == 3 else 10)}, (), {})
        for position in range(6)
    ]
    book = Book()
    target = operation(max_bytes=50, encode=lambda update: orjson.dumps(update.attributes))
    intake = Intake(iter([Updates.of(rows)]), target, book, Event())
    batches = []
    while batch := intake.next_batch():
        batches += [update.position for update in batch.updates]
    assert batches == [0, 1, 2, 4, 5]
    assert book.codes() == {3: "request-too-large"}

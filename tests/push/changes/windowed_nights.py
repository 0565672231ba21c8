# SPDX-License-Identifier: Apache-2.0
"""A table whose rows change, and the nights of a task that pushes only those that are new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from push.changes.nights import SECRET, Task
from push.resume.test_checkpointer import MemoryStore

from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.changes.windowed import WindowedRows
from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.unfinished import Unfinished

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LAG = 15
KEYS = "abcdef"


class Seal:
    """Keys as they are."""

    @staticmethod
    def close(keys: dict[str, Any]) -> str:
        return json.dumps(keys)

    @staticmethod
    def open(sealed: str) -> dict[str, Any]:
        keys: dict[str, Any] = json.loads(sealed)
        return keys


class Mapping:
    """Makes updates of rows."""

    left_out = ()

    def __init__(self) -> None:
        self.notes: Counter[tuple[str, str]] = Counter()

    def __call__(self, position: int, row: dict[str, Any]) -> UserUpdate:
        return UserUpdate(position, row["id"], (row["id"],), {"x": row["value"]}, (), row)


@dataclass
class Change:
    """A transaction that writes one row.

    :param key: the row's.
    :param value: what it writes; None deletes the row.
    :param before: how many minutes before the night it sets the row's time.
    :param late: how many minutes later it is committed.
    """

    key: str
    value: int | None
    before: int
    late: int


@dataclass
class Night:
    """One push.

    :param changes: the transactions since the last one.
    :param after: how many minutes after the last one it is.
    :param responses: key -> what the vendor says, where it is not "ok".
    :param writes: after how many files the push is killed; None for never.
    :param stops: after how many rows the first try stops, and a second one goes on; None for never.
    :param sends: how many rows the first try sends before it stops, at least.
    :param resumes: whether there is a second one.
    :param between: the transactions between the two tries, or between two pushes at once.
    :param lasts: how many minutes after the first the second one begins.
    :param other: whether a second push runs at the same time; 1 or 2: which of them is the first to end.
    :param damaged: which of the files is cut short before the night, or lost; None for none.
    :param full_refresh: whether all are to be sent.
    """

    changes: list[Change]
    after: int = 1_440
    responses: dict[str, str] = field(default_factory=dict)
    writes: int | None = None
    stops: int | None = None
    sends: int = 0
    resumes: bool = True
    between: list[Change] = field(default_factory=list)
    lasts: int = 30
    other: int = 0
    damaged: tuple[int, bool] | None = None
    full_refresh: bool = False

    @property
    def is_clean(self) -> bool:
        return not (self.responses or self.other or self.damaged) and self.writes is None and self.stops is None


CHANGES = st.lists(
    st.builds(
        Change,
        key=st.sampled_from("abc"),
        value=st.none() | st.integers(0, 2),
        before=st.integers(0, 40),
        late=st.integers(0, LAG),
    ),
    max_size=5,
)


def nights(**faults: st.SearchStrategy[Any]) -> st.SearchStrategy[Night]:
    return st.builds(Night, CHANGES, after=st.sampled_from([1, 14, 16, 60, 1_440]), **faults)


RESPONSES = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["no", "part", "doubt", "busy"]), max_size=3)
LASTS = st.sampled_from([1, 20, 60])
WRITES = st.integers(0, 4)
OTHER = st.integers(1, 2)
DAMAGED = st.tuples(st.integers(0, 9), st.booleans())
NIGHTS = st.lists(
    st.one_of(
        nights(),
        nights(responses=RESPONSES),
        nights(writes=WRITES),
        nights(responses=RESPONSES, stops=st.integers(0, 6), between=CHANGES, lasts=LASTS),
        nights(stops=st.integers(0, 6), resumes=st.just(False)),
        nights(other=OTHER, between=CHANGES, lasts=LASTS),
        nights(damaged=DAMAGED, full_refresh=st.booleans()),
        nights(
            responses=RESPONSES,
            writes=st.none() | WRITES,
            stops=st.none() | st.integers(0, 6),
            between=CHANGES,
            lasts=LASTS,
            other=st.just(0) | OTHER,
            damaged=st.none() | DAMAGED,
        ),
    ),
    max_size=5,
)


class World(Task):
    """A task, and the table from which it pushes."""

    def __init__(self) -> None:
        super().__init__()
        self.minute = 0
        self.written = 0
        #: When each was committed, its row's time, key and value, in the order in which they were made.
        self.log: list[tuple[int, int, str, int | None]] = []

    def write(self, changes: list[Change]) -> None:
        for change in changes:
            time = max(self.minute - change.before, 0)
            # It waits for the one before it on the same row, and it was not there when rows were read before.
            earlier = [at for at, _, key, _ in self.log if key == change.key]
            committed = max(time + change.late, self.written, *earlier, 0)
            self.log.append((committed, max(time, committed - LAG), change.key, change.value))
        self.written = self.minute + 1

    def table(self) -> dict[str, tuple[int, int]]:
        """Return time and value of the rows that are visible now, by key."""
        rows: dict[str, tuple[int, int]] = {}
        for committed, time, key, value in self.log:
            if committed <= self.minute:
                rows.pop(key, None)
                if value is not None:
                    rows[key] = time, value
        return rows

    def begin(self, night: Night, store: MemoryStore | None = None, stops: int | None = None) -> Any:
        """Return a try of a push and its rows, as they are read now."""
        state = None if store is None else store.read()
        checkpoint = (Checkpoint() if state is None else Checkpoint.from_dict(state)).begin()
        earlier = checkpoint.facts.get("changed_only")
        windowed = WindowedRows(
            "updated_at",
            "id",
            "query",
            timedelta(minutes=LAG),
            START + timedelta(minutes=self.minute),
            Seal(),
            earlier=None if earlier is None else earlier["window"],
            failed_earlier=checkpoint.facts.get("failed_keys") if Counts.restored(checkpoint.counts).failed else "",
        )
        comparison = Comparison(
            self.files(),
            SECRET,
            clock=self.clock,
            full_refresh=night.full_refresh,
            earlier=earlier,
            windowed=windowed,
        )
        mapper: Any = Mapping()
        push = self.make_push(comparison, mapper=mapper, store=store, checkpoint=checkpoint)
        read = [
            {"id": key, "value": value}
            for key, (time, value) in sorted(self.table().items())
            if windowed.since is None or START + timedelta(minutes=time) >= windowed.since or key in windowed.keys
        ]
        return push, self._rows(read, checkpoint.after, stops, night.sends)

    def _rows(self, read: list[dict[str, Any]], after: Any, stops: int | None, sends: int) -> Iterator[Any]:
        if after is not None:
            tries = Unfinished.from_dict(after).tries
            read = [row for row in read if all(any(_is_within(row["id"], gap) for gap in gaps) for gaps in tries)]
        for count, row in enumerate(read):
            if count == stops:
                self.vendor.wait_for(sends)
                raise RetryLater("the database is away")
            yield Keys([row["id"]])
            yield row
        if stops is not None and stops >= len(read):
            raise RetryLater("the database is away")

    def live(self, night: Night) -> dict[str, Any] | None:
        """Live through a night; return its report if it was not killed."""
        self.minute += night.after
        self.clock.advance(night.after * 60)
        self.write(night.changes)
        self.fall(night.damaged, night.responses)
        if night.other:
            push, rows = self.begin(night)
            first = push, iter(list(rows))
            self.pass_time(night)
            # The one that read first sends last.
            self.run_both(self.begin(night), first, first_to_end=2 - night.other)
            return None
        store = MemoryStore()
        report = self.run(self.begin(night, store, night.stops), night.writes)
        if night.stops is not None and not night.resumes:
            return None
        if night.stops is not None and store.kept is not None:
            self.pass_time(night)
            report = self.run(self.begin(night, store))
        return report

    def pass_time(self, night: Night) -> None:
        """Let time pass between two tries, or between two pushes at once."""
        self.minute += night.lasts
        self.write(night.between)

    def check_mark(self, held: dict[str, int]) -> None:
        """Check that the mark passes no row that is neither held by the vendor nor remembered.

        :param held: what the vendor holds.
        """
        known = self.files().load(writes=False)
        if (mark := known.mark) is None:
            return
        remembered = {key for sealed in mark.failed for _, key in json.loads(sealed)["keys"]}
        for key, (time, value) in self.table().items():
            if START + timedelta(minutes=time + LAG) < mark.at and key not in remembered:
                assert held.get(key) == value, f"the mark passed {key}"


def _is_within(key: str, gap: Any) -> bool:
    after, before = gap
    return (not after or key > after[-1]) and (not before or key < before[0])

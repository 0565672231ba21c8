# SPDX-License-Identifier: Apache-2.0
"""From rows to updates: which column names the user, which columns go where, what a NULL means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.push.mapping.alike import alike
from airflow_provider_userattrs.push.mapping.attributes import Attributes, compile_attributes, require_name
from airflow_provider_userattrs.push.mapping.faults import row_type
from airflow_provider_userattrs.push.mapping.filter import Filter
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.shapes import Names, Shapes
from airflow_provider_userattrs.push.mapping.update_builder import NOTHING_TO_SET, UpdateBuilder
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, Unread
from airflow_provider_userattrs.push.model.chunk import Chunk, Table
from airflow_provider_userattrs.push.model.row import MalformedRow, Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import FILTERED

#: Fewer rows with the same columns are mapped one by one, which is faster then.
MIN_ALIKE = 12


class Mapper:
    """Turns rows into updates.

    :param rules: the vendor's rules for the operation.
    :param user: credential -> column that holds it, in order of preference.
    :param attributes: columns, or ``{attribute: column | Constant | Derived}``; None for every column but the user's.
    :param exclude: columns that are not sent, where ``attributes`` is None.
    :param rename: column -> attribute, where ``attributes`` is None; other columns keep their names.
    :param unset: attributes to remove from every user; with these, no attribute is set.
    :param unset_nulls: whether a NULL removes the attribute at the vendor instead of being left out.
    :param leave_out: whether an attribute that cannot be sent is left out, and noted; else its row is invalid.
    :param where: the column that must be true for a row to be sent; None to send all.
    :param no_attributes: columns that are no attributes unless they are named, in any case, as databases fold it.
    :raises InvalidRow: if a name or a constant given here breaks one of the vendor's rules.
    """

    def __init__(
        self,
        rules: Rules,
        user: Mapping[str, str],
        *,
        attributes: Attributes | None = None,
        exclude: Collection[str] = (),
        rename: Mapping[str, str] | None = None,
        unset: tuple[str, ...] = (),
        unset_nulls: bool = False,
        leave_out: bool = False,
        where: str | None = None,
        no_attributes: Collection[str] = (),
    ) -> None:
        chosen = () if unset else attributes
        compiled = None if chosen is None else compile_attributes(chosen, rules)
        self._identify = rules.identify
        self._filter = None if where is None else Filter(where)
        self._user = tuple(user.items())
        self._unset = unset
        self._leave_out = leave_out
        #: Attribute -> its value, of those that are the same for every user.
        self.constants = compiled.constants if compiled else {}
        #: None: every row's own columns.
        self._columns = compiled.columns if compiled else None
        filtering = () if where is None else (where,)
        self._shapes = Shapes(rules, user, compiled, exclude, rename, {*no_attributes, *filtering})
        self._builder = UpdateBuilder(rules, unset, unset_nulls=unset_nulls, leave_out=leave_out)
        for name in unset:
            require_name(name, rules)

    @property
    def notes(self) -> Counter[tuple[str, str]]:
        """What was done to values: (attribute, note) -> count."""
        return self._builder.notes

    @property
    def user_columns(self) -> tuple[str, ...]:
        """The columns that name the user, in order of preference."""
        return tuple(column for _, column in self._user)

    @property
    def attribute_columns(self) -> tuple[str, ...]:
        """The columns named for attributes; empty if every column but the user's is sent."""
        return tuple(column for _, column, _ in self._columns or ())

    def sent_attributes(self) -> tuple[str, ...]:
        """Return the attributes of the rows so far: those that are named, or all that a row had a column for."""
        named = self._shapes.attributes if self._columns is None else [name for name, _, _ in self._columns]
        return tuple(dict.fromkeys((*self._unset, *self.constants, *named)))

    @property
    def alternative_columns(self) -> frozenset[str]:
        """The columns of which a row needs only one, because it names the user by any of them."""
        return frozenset(self.user_columns).difference(self.attribute_columns) if len(self._user) > 1 else frozenset()

    @property
    def required_columns(self) -> frozenset[str]:
        """The columns without which a row is not sent."""
        where = () if self._filter is None else (self._filter.column,)
        return frozenset(self.user_columns).union(where, () if self._leave_out else self.attribute_columns)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that would be attributes if they were named, where every other column is one."""
        return () if self._columns is not None else self._shapes.left_out

    def __call__(self, position: int, row: Row | MalformedRow) -> UserUpdate | Outcome:
        """Return a row's update, or its outcome if there is nothing to send."""
        if type(row) is not dict:
            return self._map_foreign(position, row) if isinstance(row, Mapping) else self._map_malformed(position, row)
        if self._filter is not None and (verdict := self._filter(row)) is not None:
            return self._held_back(position, verdict, row)
        return self._builder.build(self._shapes.of(tuple(row)), position, row, row)

    def map(self, positions: Sequence[int], chunk: Chunk) -> Sequence[UserUpdate | Outcome]:
        """Return what calling the mapper with each row would return, for many rows in a fraction of the time.

        :param positions: the rows' numbers, from 0.
        :param chunk: the rows.
        """
        if self._filter is None:
            return self._map_all(positions, chunk)
        held = {
            index: self._held_back(positions[index], verdict, chunk.row(index))
            for index, verdict in _filtered(chunk, self._filter)
        }
        passing = [index for index in range(len(chunk)) if index not in held]
        made = iter(self._map_all([positions[index] for index in passing], chunk.pick(passing)))
        return [held[index] if index in held else next(made) for index in range(len(chunk))]

    def map_values(self, position: int, user: Mapping[str, Any], values: Row) -> UserUpdate | Outcome:
        """Return the update that sets values for a user, or its outcome if there is nothing to send.

        :param position: its number, from 0.
        :param user: credential -> value.
        :param values: attribute -> value.
        """
        return self._builder.build(self._shapes.of(tuple(values)), position, values, values, user)

    def user_of(self, row: Any) -> Hashable:
        """Return what identifies the user whom a row names: by its first credential; None if that cannot be told."""
        keys = self._keys_of(row.fit if isinstance(row, MalformedRow) else row)
        return keys[0] if keys else None

    def _map_all(self, positions: Sequence[int], chunk: Chunk) -> Sequence[UserUpdate | Outcome]:
        made: list[Any] = [None] * len(chunk)
        for names, indexes in alike(chunk):
            if names is None:
                for index in indexes:
                    made[index] = self(positions[index], chunk.row(index))
                continue
            shape = self._shapes.of(names)
            if len(indexes) < MIN_ALIKE:
                for index in indexes:
                    row: Any = chunk.row(index)
                    made[index] = self._builder.build(shape, positions[index], row, row)
                continue
            is_whole = len(indexes) == len(chunk)
            rows = chunk.rows if is_whole else [chunk.rows[index] for index in indexes]
            at = positions if is_whole else [positions[index] for index in indexes]
            updates = self._builder.build_all(shape, at, rows, _columns(rows, chunk.names), chunk.names)
            if is_whole:
                return updates
            for index, update in zip(indexes, updates, strict=True):
                made[index] = update
        return made

    def _map_foreign(self, position: int, row: Mapping[str, Any]) -> UserUpdate | Outcome:
        """Map a row of a library's own kind, which may run code when it is read."""
        if self._filter is not None and (verdict := self._filter(row)) is not None:
            return self._held_back(position, verdict, row)
        try:
            columns = tuple(row) if self._columns is None else self.attribute_columns
            cells = dict(_cells(row, (*columns, *self.user_columns)))
        except Exception:
            return Outcome(position, UNCONVERTIBLE, row, keys=self._keys_of(row))
        unread = [column for column in self.user_columns if type(cells.get(column)) is Unread]
        if unread:
            return Outcome(position, UNCONVERTIBLE.on(unread[0]), row)
        return self._builder.build(self._shapes.of(tuple(cells)), position, row, cells)

    def _map_malformed(self, position: int, row: Any) -> UserUpdate | Outcome:
        """Return the outcome of what is no row, or the update of one whose values at fault are to be left out."""
        if not isinstance(row, MalformedRow):
            return Outcome(position, row_type(row), row)
        if self._filter is not None and self._filter.holds_back(row):
            return Outcome(position, FILTERED.on(self._filter.column), row)
        outcome = Outcome(position, row.verdict, row)
        faults = {fault.attribute: fault for fault in (row.verdict, *row.verdict.others)}
        if row.fit is None or not faults.keys().isdisjoint(self.user_columns):
            return outcome
        outcome.keys = self._keys_of(row.fit)
        if not self._leave_out or (self._filter is not None and self._filter.column in faults):
            return outcome
        made = self(position, row.fit)
        if isinstance(made, Outcome):
            if made.verdict is not NOTHING_TO_SET:
                outcome.verdict, outcome.user = made.verdict, made.user
            return outcome
        columns = self._shapes.of(tuple(row.fit)).columns
        left_out = {name: faults[column] for name, column, _ in columns if column in faults}
        unset = [name for name in made.unset if name not in left_out]
        if not made.attributes and not unset:
            return outcome
        for name, fault in left_out.items():
            self.notes[str(name), f"left out: {fault.meaning}"] += 1
        return UserUpdate(position, made.user, made.keys, made.attributes, unset, row)

    def _held_back(self, position: int, verdict: Verdict, row: Any) -> Outcome:
        # Who is filtered out is as good as not among the rows; whoever is not known to be is.
        return Outcome(position, verdict, row, keys=() if verdict.status is Status.SKIPPED else self._keys_of(row))

    def _keys_of(self, row: Any) -> tuple[Hashable, ...]:
        """Return what identifies a row's user; nothing if that cannot be told."""
        try:
            return self._identify({credential: row[column] for credential, column in self._user if column in row})[1]
        except Exception:
            return ()


def _columns(rows: Sequence[Any], names: Names | None) -> Sequence[Sequence[Any]]:
    """Return the cells of each column, of rows that have the same columns."""
    if type(rows) is Table:
        return rows.columns
    # A table's rows are of one length, and so are the values of one shape.
    return list(zip(*(rows if names is not None else map(dict.values, rows))))  # noqa: B905


def _filtered(chunk: Chunk, where: Filter) -> Iterator[tuple[int, Verdict]]:
    """Yield the indexes of rows that are not sent, and the verdicts on them."""
    names = chunk.names
    at = None if names is None else {name: index for index, name in enumerate(names)}.get(where.column)
    for index, row in enumerate(chunk.rows):
        if names is not None:
            verdict = None if type(row) is MalformedRow else where.missing if at is None else where.judge(row[at])
        else:
            verdict = where(row) if type(row) is dict else None
        if verdict is not None:
            yield index, verdict


def _cells(row: Mapping[str, Any], columns: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield those of the columns that a row has, and what stands there."""
    for column in columns:
        try:
            yield column, row[column]
        except KeyError:
            continue
        except Exception:
            yield column, Unread()

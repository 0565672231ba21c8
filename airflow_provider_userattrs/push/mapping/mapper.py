# SPDX-License-Identifier: Apache-2.0
"""From rows to `UserUpdate`s: which column names the user, which columns go where, what a NULL means.

Rows with the same columns are mapped together, column by column; a fault takes its own row out, and no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import repeat
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.attributes import Attributes, compile_attributes, require_name
from airflow_provider_userattrs.push.mapping.conversion import Converted, convert_column
from airflow_provider_userattrs.push.mapping.faults import MISSING_COLUMN, row_type
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.shapes import Names, Shape, Shapes
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, UNREADABLE, Noted
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow, Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

CREDENTIAL_MISSING = "row without this credential's column"
NOTHING_TO_SET = Verdict(
    Status.SKIPPED, "nothing-to-set", "no attribute has a value", "None needed: there was nothing to send."
)


#: Attribute or credential, note, the indexes of the rows that it is about.
_Note: TypeAlias = tuple[str, str, Sequence[int]]

#: Index of a row -> attribute -> the verdict on its value.
_Faults: TypeAlias = dict[int, dict[Any, Verdict]]


class Mapper:
    """Turns rows into updates.

    :param rules: the vendor's rules for the operation.
    :param user: credential -> column that holds it, in order of preference.
    :param attributes: columns, or ``{attribute: column | Constant | Hashed}``; None for every column but the user's.
    :param exclude: columns that are not sent, where ``attributes`` is None.
    :param rename: column -> attribute, where ``attributes`` is None; other columns keep their names.
    :param unset: attributes to remove from every user; with these, no attribute is set.
    :param unset_nulls: whether a NULL removes the attribute at the vendor instead of being left out.
    :param leave_out: whether an attribute that cannot be sent is left out, and noted; else its row is invalid.
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
        no_attributes: Collection[str] = (),
    ) -> None:
        #: (attribute, note) -> count.
        self.notes: Counter[tuple[str, str]] = Counter()
        chosen = () if unset else attributes
        compiled = None if chosen is None else compile_attributes(chosen, rules)
        self._rules = rules
        self._user = dict(user)
        self._unset = unset
        self._unset_nulls = unset_nulls
        self._leave_out = leave_out
        self._columns = compiled.columns if compiled else ()
        self._constants = compiled.constants if compiled else {}
        self._constant_notes = compiled.notes if compiled else []
        self._shapes = Shapes(rules, user, compiled, exclude, rename or {}, no_attributes)
        for name in unset:
            require_name(name, rules)

    @property
    def user_columns(self) -> tuple[str, ...]:
        """The columns that name the user, in order of preference."""
        return tuple(self._user.values())

    @property
    def attribute_columns(self) -> tuple[str, ...]:
        """The columns named for attributes; empty if every column but the user's is sent."""
        return tuple(column for _, column, _ in self._columns)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that would be attributes if they were named, where every other column is one."""
        return self._shapes.left_out

    def __call__(self, position: int, row: Any) -> UserUpdate | Outcome:
        """Return a row's update, or its outcome if there is nothing to send."""
        return self.map([position], Chunk([row]))[0]

    def map(self, positions: Sequence[int], chunk: Chunk) -> list[UserUpdate | Outcome]:
        """Return the update of each row, or its outcome if there is nothing to send.

        :param positions: the rows' numbers, from 0.
        :param chunk: the rows.
        """
        rows, names = chunk.rows, chunk.names
        kinds = set(map(type, rows))
        if names is None:
            if kinds == {dict} and len(shapes := set(map(tuple, rows))) == 1:
                return self._map_dicts(positions, rows, *shapes)
        elif MalformedRow not in kinds:
            return self._map_alike(positions, rows, names, list(zip(*rows)), are_cells=True)  # noqa: B905  a table's
        made: dict[int, UserUpdate | Outcome] = {}
        for shape, indexes in _by_shape(rows, names).items():
            at, alike = [positions[index] for index in indexes], [rows[index] for index in indexes]
            if shape is None:
                mapped = list(map(self._map_odd, at, alike))
            elif names is None:
                mapped = self._map_dicts(at, alike, shape)
            else:
                mapped = self._map_alike(at, alike, names, list(zip(*alike)), are_cells=True)  # noqa: B905
            made.update(zip(indexes, mapped, strict=True))
        return [made[index] for index in range(len(rows))]

    def build(self, position: int, credentials: dict[str, Any], row: Row) -> UserUpdate | Outcome:
        """Return the update that sets a row's columns for the user with these credentials.

        :param position: the row's number, from 0.
        :param credentials: credential -> value.
        :param row: the row.
        """
        columns = [(value,) for value in row.values()]
        return self._map_alike([position], [row], tuple(row), columns, credentials=[credentials])[0]

    def _map_odd(self, position: int, row: Any) -> UserUpdate | Outcome:
        """Map a row that is no dict; reading a library's own kind of row may run code."""
        if isinstance(row, MalformedRow):
            return self._map_malformed(position, row)
        if not isinstance(row, Mapping):
            return Outcome(position, row_type(row), row)
        cells: dict[str, Any] = {}
        try:
            for column in dict.fromkeys((*self.user_columns, *self.attribute_columns, *row)):
                with suppress(KeyError):
                    cells[column] = _read(row, column)
        except Exception:
            return Outcome(position, UNCONVERTIBLE, row)
        for column in self.user_columns:
            if cells.get(column) is UNREADABLE:
                return Outcome(position, UNCONVERTIBLE.on(column), row)
        return self._map_alike([position], [row], tuple(cells), [(cell,) for cell in cells.values()])[0]

    def _map_malformed(self, position: int, row: MalformedRow) -> UserUpdate | Outcome:
        """Return the outcome of a malformed row, or its update if the values at fault are to be left out."""
        outcome = Outcome(position, row.verdict, row)
        faults = {fault.attribute: fault for fault in (row.verdict, *row.verdict.others)}
        if not self._leave_out or row.fit is None or not faults.keys().isdisjoint(self.user_columns):
            return outcome
        made = self(position, row.fit)
        if isinstance(made, Outcome):
            return outcome if made.verdict is NOTHING_TO_SET else Outcome(position, made.verdict, row, made.user)
        columns = self._shapes[tuple(row.fit)].columns
        left_out = {name: faults[column] for name, column, _, _ in columns if column in faults}
        unset = [name for name in made.unset if name not in left_out]
        if not made.attributes and not unset:
            return outcome
        for name, fault in left_out.items():
            self.notes[str(name), f"left out: {fault.meaning}"] += 1
        return UserUpdate(position, made.user, made.keys, made.attributes, unset, row)

    def _map_dicts(self, positions: Sequence[int], rows: Sequence[dict[str, Any]], shape: Names) -> list[Any]:
        columns = list(zip(*(row.values() for row in rows), strict=True))
        return self._map_alike(positions, rows, shape, columns)

    def _map_alike(
        self,
        positions: Sequence[int],
        rows: Sequence[Any],
        names: Names,
        columns: Sequence[Sequence[Any]],
        *,
        are_cells: bool = False,
        credentials: Iterable[dict[str, Any]] | None = None,
    ) -> list[UserUpdate | Outcome]:
        """Map rows with the same columns.

        :param positions: their numbers.
        :param rows: the rows.
        :param names: their columns.
        :param columns: the cells of each column.
        :param are_cells: whether the rows are tuples of cells.
        :param credentials: of each row, credential -> value; None to take them from their columns.
        """
        shape, count = self._shapes[names], len(rows)
        notes: list[_Note] = [(credential, CREDENTIAL_MISSING, range(count)) for credential in shape.missing]
        notes += [(*note, range(count)) for note in self._constant_notes]
        own = {credential: columns[at] for credential, at in shape.user.items()}
        verdicts: dict[int, Verdict] = {}
        if own and (together := self._rules.identify_all(own)):
            users, keys = together
        else:
            users, keys, verdicts = self._name_each(credentials or _by_row(own, count), count, notes)
        values, faults, has_gaps = self._convert(shape, columns, count, notes)
        unset: Sequence[Any] = [self._unset] * count
        if values and not has_gaps:
            attributes = shape.display(zip(*values, strict=True))
        else:
            attributes, unset = self._leave_gaps(shape, values, faults, unset)
            verdicts |= {
                index: NOTHING_TO_SET
                for index, (given, removed) in enumerate(zip(attributes, unset, strict=True))
                if not given and not removed and index not in verdicts
            }
        for index, at_fault in faults.items():
            if self._leave_out and index not in verdicts:
                notes += [(str(fault.attribute), f"left out: {fault.meaning}", (index,)) for fault in at_fault.values()]
            elif verdicts.get(index, NOTHING_TO_SET) is NOTHING_TO_SET:
                first, *others = at_fault.values()
                verdicts[index] = replace(first, others=tuple(others))
        for name, note, indexes in notes:
            if times := sum(index not in verdicts for index in indexes) if verdicts else len(indexes):
                self.notes[name, note] += times
        updates = map(UserUpdate, positions, users, keys, attributes, unset, rows, repeat(names if are_cells else None))
        if not verdicts:
            return list(updates)
        return [
            Outcome(update.position, verdicts[index], update.row, update.user) if index in verdicts else update
            for index, update in enumerate(updates)
        ]

    def _name_each(
        self, credentials: Iterable[dict[str, Any]], count: int, notes: list[_Note]
    ) -> tuple[list[Any], list[tuple[Hashable, ...]], dict[int, Verdict]]:
        """Return each row's user and its keys, and the verdicts on rows that name none."""
        users: list[Any] = [None] * count
        keys: list[tuple[Hashable, ...]] = [()] * count
        verdicts: dict[int, Verdict] = {}
        identify = self._rules.identify
        for index, each in enumerate(credentials):
            try:
                if not each and self._user:
                    raise InvalidRow(MISSING_COLUMN.on(self.user_columns[0]))
                user, keys[index] = identify(each)
            except Exception as error:  # its text may repeat a value
                verdicts[index] = error.verdict if isinstance(error, InvalidRow) else UNCONVERTIBLE
                continue
            if type(user) is Noted:
                notes.append((str(user.attribute), user.note, (index,)))
                user = user.value
            users[index] = user
        return users, keys, verdicts

    def _convert(
        self, shape: Shape, columns: Sequence[Sequence[Any]], count: int, notes: list[_Note]
    ) -> tuple[list[Sequence[Any]], _Faults, bool]:
        """Return the values of each attribute, the faults of each row that has any, and whether a value is missing."""
        values: list[Sequence[Any]] = [[value] * count for value in self._constants.values()]
        faults: _Faults = {index: dict(shape.faults) for index in range(count)} if shape.faults else {}
        has_gaps = False
        for name, column, at, table in shape.columns:
            if at is None:
                missing = MISSING_COLUMN.on(str(column))
                converted = Converted([None] * count, has_gaps=True, faults=dict.fromkeys(range(count), missing))
            else:
                converted = convert_column(columns[at], table)
            values.append(converted.values)
            has_gaps = has_gaps or converted.has_gaps
            for index, verdict in converted.faults.items():
                faults.setdefault(index, {})[name] = verdict if verdict.attribute else verdict.on(str(name))
            notes += [(name, note, indexes) for note, indexes in converted.notes.items()]
        return values, faults, has_gaps

    def _leave_gaps(
        self, shape: Shape, values: Sequence[Sequence[Any]], faults: _Faults, unset: Sequence[Any]
    ) -> tuple[list[dict[str, Any]], Sequence[Any]]:
        """Return the attributes of rows some of which lack a value, and the attributes to remove from each user."""
        if not values:
            return [{} for _ in unset], unset
        names = [*self._constants, *(name for name, _, _, _ in shape.columns)]
        rows = list(zip(*values, strict=True))
        attributes = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows
        ]
        if self._unset_nulls:
            unset = [
                [
                    name
                    for name, value in zip(names, row, strict=True)
                    if value is None and name not in faults.get(index, ())
                ]
                for index, row in enumerate(rows)
            ]
        return attributes, unset


def _by_row(columns: Mapping[str, Sequence[Any]], count: int) -> Iterable[dict[str, Any]]:
    """Return credential -> value of each row.

    :param columns: credential -> its value in each row.
    :param count: how many rows there are.
    """
    if not columns:
        return [{}] * count
    return (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))


def _by_shape(rows: Sequence[Any], names: Names | None) -> dict[Names | None, list[int]]:
    """Return the indexes of the rows of each shape; None for those that are no dicts, and no cells."""
    indexes: dict[Names | None, list[int]] = {}
    for index, row in enumerate(rows):
        if names is None:
            shape = tuple(row) if type(row) is dict else None
        else:
            shape = None if type(row) is MalformedRow else names
        indexes.setdefault(shape, []).append(index)
    return indexes


def _read(row: Mapping[str, Any], column: Any) -> Any:
    """Return a cell, or `UNREADABLE` if reading it fails."""
    try:
        return row[column]
    except KeyError:
        raise
    except Exception:
        return UNREADABLE

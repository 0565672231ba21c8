# SPDX-License-Identifier: Apache-2.0
"""Makes updates of rows whose columns are known: of one row, or of many at once, column by column."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import repeat
from typing import Any

from airflow_provider_userattrs.push.mapping.conversion import Converted, convert_column, fault_of
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.shapes import Names, Shape
from airflow_provider_userattrs.push.mapping.values import Noted, as_is
from airflow_provider_userattrs.push.model.row import UserUpdate, name_cells
from airflow_provider_userattrs.push.model.updates import Updates
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

NOTHING_TO_SET = Verdict(
    Status.SKIPPED, "nothing-to-set", "no attribute has a value", "None needed: there was nothing to send."
)


class UpdateBuilder:
    """Makes updates.

    :param rules: the vendor's rules for the operation.
    :param unset: attributes to remove from every user.
    :param unset_nulls: whether a NULL removes the attribute at the vendor instead of being left out.
    :param leave_out: whether an attribute that cannot be sent is left out, and noted; else its row is invalid.
    """

    def __init__(
        self, rules: Rules, unset: tuple[str, ...] = (), *, unset_nulls: bool = False, leave_out: bool = False
    ) -> None:
        #: (attribute, note) -> count.
        self.notes: Counter[tuple[str, str]] = Counter()
        self._rules = rules
        self._unset = unset
        self._unset_nulls = unset_nulls
        self._leave_out = leave_out

    def build(
        self,
        shape: Shape,
        position: int,
        row: Any,
        cells: Mapping[Any, Any],
        user: Mapping[str, Any] | None = None,
    ) -> UserUpdate | Outcome:
        """Return what becomes of one row, which is what becomes of it among others, too.

        :param shape: the row's shape.
        :param position: its number, from 0.
        :param row: the row, as it was read.
        :param cells: column -> value.
        :param user: credential -> value, if the row itself does not name its user.
        """
        if shape.unnamed is not None:
            return Outcome(position, shape.unnamed, row)
        notes, faults = shape.notes, [*shape.faults]
        unset: Any = self._unset
        credentials = {}
        for credential, column in shape.user:
            credentials[credential] = cells[column]
        try:
            named, keys = self._rules.identify(credentials if user is None else dict(user))
        except Exception as error:
            return Outcome(position, fault_of(error), row)
        if type(named) is Noted:
            notes = (*notes, (str(named.attribute), named.note))
            named = named.value
        attributes = {**shape.constants}
        for attribute, column, table in shape.columns:
            try:
                value = cells[column]
                if value is not None:
                    convert = table[type(value)]
                    if convert is as_is:
                        attributes[attribute] = value
                        continue
                    value = convert(value)
                    if type(value) is Noted:
                        notes = (*notes, (attribute, value.note))
                        value = value.value
            except Exception as error:  # a value may run code of its own when it is converted
                faults.append(_on(attribute, shape.missing.get(attribute) or fault_of(error)))
                continue
            if value is not None:
                attributes[attribute] = value
            elif self._unset_nulls:
                unset = [*unset, attribute]
        if faults or not attributes:
            if verdict := self._judge(faults, attributes, unset):
                return Outcome(position, verdict, row, named, keys)
            notes = (*notes, *map(_left_out, faults))
        for note in notes:
            self.notes[note] += 1
        return UserUpdate(position, named, keys, attributes, unset, row)

    def build_all(
        self,
        shape: Shape,
        positions: Sequence[int],
        rows: Sequence[Any],
        columns: Sequence[Sequence[Any]],
        names: Names | None = None,
    ) -> Sequence[UserUpdate | Outcome]:
        """Return what becomes of each row.

        :param shape: the rows' shape.
        :param positions: their numbers, from 0.
        :param rows: the rows, as they were read.
        :param columns: the cells of each column.
        :param names: the columns, if the rows are tuples of cells.
        """
        count = len(positions)
        notes: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for note in shape.notes:
            notes[note] += range(count)
        credentials = {credential: columns[shape.index[column]] for credential, column in shape.user}
        users, keys, unnamed = self._name(credentials, shape.unnamed, count, notes)
        attributes, unset, faults = self._set(shape, columns, count, notes)
        verdicts = {}
        for index in range(count) if shape.faults or not all(attributes) else faults:
            if index in unnamed:
                continue
            if verdict := self._judge(faults.get(index, ()), attributes[index], unset[index]):
                verdicts[index] = verdict
            else:
                for fault in faults.get(index, ()):
                    notes[_left_out(fault)].append(index)
        verdicts |= unnamed
        for key, indexes in notes.items():
            if noted := len(indexes) - (sum(index in verdicts for index in indexes) if verdicts else 0):
                self.notes[key] += noted
        updates = Updates(positions, users, keys, attributes, unset, rows, names)
        if not verdicts:
            return updates
        made: list[UserUpdate | Outcome] = list(updates)
        for index, verdict in verdicts.items():
            row = rows[index] if names is None else name_cells(names, rows[index])
            made[index] = Outcome(positions[index], verdict, row, users[index], keys[index])
        return made

    def _judge(self, faults: Sequence[Verdict], attributes: Any, unset: Any) -> Verdict | None:
        """Return the verdict on a row that is not sent; None if it is, without the attributes at fault."""
        is_empty = not attributes and not unset
        if not faults or (self._leave_out and not is_empty):
            return NOTHING_TO_SET if is_empty else None
        first, *others = faults
        return replace(first, others=tuple(others)) if others else first

    def _name(
        self,
        credentials: Mapping[str, Sequence[Any]],
        unnamed: Verdict | None,
        count: int,
        notes: defaultdict[tuple[str, str], list[int]],
    ) -> tuple[Sequence[Any], Sequence[Any], dict[int, Verdict]]:
        """Return each row's user and its keys, and the verdicts on rows that name none."""
        if unnamed is None:
            with suppress(Exception):  # values may run code of their own
                if together := self._rules.identify_all(credentials):
                    return *together, {}
        users: list[Any] = [None] * count
        keys: list[Any] = [()] * count
        if unnamed is not None:
            return users, keys, dict.fromkeys(range(count), unnamed)
        verdicts: dict[int, Verdict] = {}
        identify = self._rules.identify
        for index in range(count):
            try:
                user, keys[index] = identify({credential: values[index] for credential, values in credentials.items()})
            except Exception as error:
                verdicts[index] = fault_of(error)
                continue
            if type(user) is Noted:
                notes[str(user.attribute), user.note].append(index)
                user = user.value
            users[index] = user
        return users, keys, verdicts

    def _set(
        self,
        shape: Shape,
        columns: Sequence[Sequence[Any]],
        count: int,
        notes: defaultdict[tuple[str, str], list[int]],
    ) -> tuple[list[dict[str, Any]], Sequence[Any], dict[int, list[Verdict]]]:
        """Return each row's attributes and those to remove from its user, and the verdicts on what cannot be set."""
        converted = [
            _absent(count, shape.missing[name])
            if name in shape.missing
            else convert_column(columns[shape.index[column]], table)
            for name, column, table in shape.columns
        ]
        faults: dict[int, list[Verdict]] = {index: [*shape.faults] for index in range(count)} if shape.faults else {}
        values = [column.values for column in converted]
        attributes = shape.display(zip(*values, strict=True) if values else repeat((), count))
        unset: list[Any] = [self._unset] * count
        for name, column in zip(shape.attributes, converted, strict=True):
            for index in column.gaps:
                del attributes[index][name]
            if self._unset_nulls:
                for index in column.gaps:
                    if index not in column.faults:
                        unset[index] = [*unset[index], name]
            if column.faults:
                for index, verdict in _named(column.faults, name):
                    faults.setdefault(index, []).append(verdict)
            for note, indexes in column.notes.items():
                notes[name, note] += indexes
        return attributes, unset, faults


def _on(name: str, verdict: Verdict) -> Verdict:
    return verdict if verdict.attribute else verdict.on(str(name))


def _left_out(fault: Verdict) -> tuple[str, str]:
    """Return the note on an attribute that is left out."""
    return str(fault.attribute), f"left out: {fault.meaning}"


def _absent(count: int, verdict: Verdict) -> Converted:
    """Return a column that the rows do not have."""
    return Converted((None,) * count, range(count), dict.fromkeys(range(count), verdict))


def _named(faults: Mapping[int, Verdict], name: str) -> Iterable[tuple[int, Verdict]]:
    """Yield indexes and verdicts, which name the attribute; many share a verdict."""
    known: dict[int, Verdict] = {}
    for index, verdict in faults.items():
        named = known.get(id(verdict))
        if named is None:
            named = known[id(verdict)] = _on(name, verdict)
        yield index, named

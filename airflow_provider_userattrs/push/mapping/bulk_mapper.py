# SPDX-License-Identifier: Apache-2.0
"""Maps rows with the same columns together, column by column.

It makes what the mapper makes of each row by itself. Rows about which anything is odd are left to the mapper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.attributes import Compiled
from airflow_provider_userattrs.push.mapping.conversion import convert_column
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.shapes import MAX_SHAPES, Names, Shapes
from airflow_provider_userattrs.push.mapping.values import Noted, ValueTable
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate

#: Fewer rows with the same columns are mapped one by one, which is then as fast.
MIN_ALIKE = 4

#: Makes a dict of each tuple of values.
Display: TypeAlias = Callable[[Iterable[tuple[Any, ...]]], list[dict[str, Any]]]

#: Attribute or credential, note, the indexes of the rows that it is about.
_Note: TypeAlias = tuple[str, str, Sequence[int]]


@dataclass(frozen=True)
class Layout:
    """Where rows with certain columns have what an update is made of.

    :param user: credential -> the index of its column.
    :param columns: attribute, the index of its column, type -> converter.
    :param display: makes the dicts of the attributes.
    """

    user: dict[str, int]
    columns: tuple[tuple[str, int, ValueTable], ...]
    display: Display


class BulkMapper:
    """Makes the updates of many rows.

    :param rules: the vendor's rules for the operation.
    :param user: credential -> column that holds it, in order of preference.
    :param compiled: the attributes that the author named; None for every row's own columns.
    :param shapes: finds out which these are.
    :param unset: attributes to remove from every user.
    :param unset_nulls: whether a NULL removes the attribute.
    """

    def __init__(
        self,
        rules: Rules,
        user: Mapping[str, str],
        compiled: Compiled | None,
        shapes: Shapes,
        unset: tuple[str, ...],
        *,
        unset_nulls: bool,
    ) -> None:
        self._rules = rules
        self._user = dict(user)
        self._compiled = compiled
        self._constants = compiled.constants if compiled else {}
        self._constant_notes = compiled.notes if compiled else []
        self._shapes = shapes
        self._unset = unset
        self._unset_nulls = unset_nulls
        self._layouts: dict[Names, Layout | None] = {}

    def map(
        self, positions: Sequence[int], chunk: Chunk, notes: Counter[tuple[str, str]]
    ) -> tuple[list[Any], set[int]]:
        """Return the update of each row, and the indexes of the rows that have none here.

        :param positions: the rows' numbers, from 0.
        :param chunk: the rows.
        :param notes: counts what is noted.
        """
        made: list[Any] = [None] * len(chunk)
        left: set[int] = set()
        for names, indexes in _alike(chunk):
            layout = None if names is None or len(indexes) < MIN_ALIKE else self._layout(names)
            if layout is None:
                left.update(indexes)
                continue
            is_whole = len(indexes) == len(chunk)
            rows = chunk.rows if is_whole else [chunk.rows[index] for index in indexes]
            at = positions if is_whole else [positions[index] for index in indexes]
            # A table's rows are of one length, and so are the values of one shape.
            columns = list(zip(*(rows if chunk.names is not None else map(dict.values, rows))))  # noqa: B905
            updates, odd = self._map_alike(layout, at, rows, columns, chunk.names, notes)
            if is_whole:
                return updates, odd
            for index, update in zip(indexes, updates, strict=True):
                made[index] = update
            left.update(indexes[index] for index in odd)
        return made, left

    def _layout(self, names: Names) -> Layout | None:
        """Return the layout of rows with these columns; None if the mapper has to look at each of the rows."""
        try:
            return self._layouts[names]
        except KeyError:
            if len(self._layouts) >= MAX_SHAPES:
                self._layouts.clear()
            layout = self._layouts[names] = self._find_layout(names)
            return layout

    def _find_layout(self, names: Names) -> Layout | None:
        index = {name: number for number, name in enumerate(names)}
        try:
            columns = self._shapes.columns_of(names) if self._compiled is None else self._compiled.columns
        except InvalidRow:
            return None
        read = {*self._user.values(), *(column for _, column, _ in columns)}
        attributes = [*self._constants, *(name for name, _, _ in columns)]
        if len(index) < len(names) or not self._user or not read <= index.keys() or {*map(type, attributes)} - {str}:
            return None
        return Layout(
            {credential: index[column] for credential, column in self._user.items()},
            tuple((name, index[column], table) for name, column, table in columns),
            display_of([name for name, _, _ in columns], self._constants),
        )

    def _map_alike(
        self,
        layout: Layout,
        positions: Sequence[int],
        rows: Sequence[Any],
        columns: Sequence[Sequence[Any]],
        names: Names | None,
        counts: Counter[tuple[str, str]],
    ) -> tuple[list[Any], set[int]]:
        """Return the update of each row, and the indexes of rows that are odd, whose updates mean nothing."""
        count = len(rows)
        users, keys, odd = self._name({credential: columns[at] for credential, at in layout.user.items()}, count)
        notes: list[_Note] = [(*note, range(count)) for note in self._constant_notes]
        values: list[Sequence[Any]] = []
        gaps: list[tuple[str, Sequence[int]]] = []
        for name, at, table in layout.columns:
            converted = convert_column(columns[at], table)
            values.append(converted.values)
            odd.update(converted.odd)
            if converted.gaps:
                gaps.append((name, converted.gaps))
            notes += [(name, note, indexes) for note, indexes in converted.notes.items()]
            if 2 * len(odd) > count:
                return [None] * count, set(range(count))
        attributes = layout.display(zip(*values, strict=True)) if values else [self._constants.copy() for _ in rows]
        unset: Sequence[Any] = [self._unset] * count
        if gaps or not attributes[0]:
            unset = self._leave_out(gaps, attributes, unset)
            odd.update(index for index in range(count) if not attributes[index] and not unset[index])
        for name, note, indexes in notes:
            if noted := len(indexes) - (sum(index in odd for index in indexes) if odd else 0):
                counts[name, note] += noted
        updates = map(UserUpdate, positions, users, keys, attributes, unset, rows, repeat(names))
        return list(updates), odd

    def _name(
        self, credentials: Mapping[str, Sequence[Any]], count: int
    ) -> tuple[Sequence[Any], Sequence[Any], set[int]]:
        """Return each row's user and its keys, and the indexes of the rows that name none, or an odd one."""
        odd: set[int] = set()
        if together := self._rules.identify_all(credentials):
            return *together, odd
        users: list[Any] = [None] * count
        keys: list[Any] = [()] * count
        identify = self._rules.identify
        for index, values in enumerate(zip(*credentials.values(), strict=True)):
            try:
                users[index], keys[index] = identify(dict(zip(credentials, values, strict=True)))
            except Exception:  # the mapper says why
                odd.add(index)
            else:
                if type(users[index]) is Noted:
                    odd.add(index)
        return users, keys, odd

    def _leave_out(
        self, gaps: Sequence[tuple[str, Sequence[int]]], attributes: Sequence[dict[str, Any]], unset: Sequence[Any]
    ) -> Sequence[Any]:
        """Take the attributes without a value out of the rows; return the attributes to remove from each user."""
        for name, indexes in gaps:
            for index in indexes:
                del attributes[index][name]
        if not self._unset_nulls:
            return unset
        removed = list(unset)
        for name, indexes in gaps:
            for index in indexes:
                removed[index] = [*removed[index], name]
        return removed


def display_of(names: Sequence[str], constants: Mapping[str, Any]) -> Display:
    """Return a function that makes a dict of each tuple of values: a dict display, twice as fast as `dict` and `zip`.

    :param names: the keys of the values.
    :param constants: what each dict begins with.
    """
    values = [f"v{number}" for number in range(len(names))]
    pairs = ["**constants"] if constants else []
    pairs += [f"{name!r}: {value}" for name, value in zip(names, values, strict=True)]
    code = f"lambda rows: [{{{', '.join(pairs)}}} for [{', '.join(values)}] in rows]"
    display: Display = eval(code, {"constants": dict(constants)})
    return display


def _alike(chunk: Chunk) -> Iterator[tuple[Names | None, Sequence[int]]]:
    """Yield the columns of rows that have the same, and the rows' indexes; None for rows that are of another kind."""
    rows, names = chunk.rows, chunk.names
    kinds = set(map(type, rows))
    first = names if names is not None else tuple(rows[0]) if kinds == {dict} else None
    if first is not None and MalformedRow not in kinds and (names is not None or _have(rows, first)):
        yield first, range(len(rows))
        return
    indexes: dict[Names | None, list[int]] = {}
    for index, row in enumerate(rows):
        if names is None:
            shape = tuple(row) if type(row) is dict else None
        else:
            shape = None if type(row) is MalformedRow else names
        indexes.setdefault(shape, []).append(index)
    yield from indexes.items()


def _have(rows: Sequence[Any], names: Names) -> bool:
    """Tell whether all rows have these columns, in this order."""
    return all(map(names.__eq__, map(tuple, rows)))

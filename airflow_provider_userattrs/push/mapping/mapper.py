# SPDX-License-Identifier: Apache-2.0
"""From a row to a `UserUpdate`: which column names the user, which columns go where, what a NULL means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.attributes import Attributes, Columns, compile_attributes, require_name
from airflow_provider_userattrs.push.mapping.bulk_mapper import BulkMapper
from airflow_provider_userattrs.push.mapping.faults import find_faults, row_type
from airflow_provider_userattrs.push.mapping.filter import Filter
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.shapes import Shapes
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, Noted, as_is
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow, Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import FILTERED, MISSING_COLUMN

Notes: TypeAlias = Sequence[tuple[str, str]]

CREDENTIAL_MISSING = "row without this credential's column"
NOTHING_TO_SET = Verdict(
    Status.SKIPPED, "nothing-to-set", "no attribute has a value", "None needed: there was nothing to send."
)


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
        #: (attribute, note) -> count.
        self.notes: Counter[tuple[str, str]] = Counter()
        chosen = () if unset else attributes
        compiled = None if chosen is None else compile_attributes(chosen, rules)
        self._identify = rules.identify
        self._filter = None if where is None else Filter(where)
        self._user = tuple(user.items())
        self._unset = unset
        self._unset_nulls = unset_nulls
        self._leave_out = leave_out
        #: Attribute -> its value, of those that are the same for every user.
        self.constants = compiled.constants if compiled else {}
        self._constant_notes = compiled.notes if compiled else []
        #: None: every row's own columns.
        self._columns = compiled.columns if compiled else None
        self._shapes = Shapes(
            rules, user, exclude, rename or {}, {*no_attributes, *(() if where is None else (where,))}
        )
        self._bulk = BulkMapper(rules, user, compiled, self._shapes, unset, unset_nulls=unset_nulls)
        for name in unset:
            require_name(name, rules)

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
        if type(row) is not dict and not isinstance(row, Mapping):
            return self._build_malformed(position, row)
        if self._filter is not None and (verdict := self._filter(row)) is not None:
            # Who is filtered out is as good as not among the rows; whoever is not known to be is.
            return Outcome(position, verdict, row, keys=() if verdict.status is Status.SKIPPED else self._keys_of(row))
        column = None
        credentials = {}
        try:
            for credential, column in self._user:
                credentials[credential] = row[column]
        except KeyError:
            return self._build_without(position, row, str(column))
        except Exception:  # a library's own kind of row may run code when it is read
            return Outcome(position, UNCONVERTIBLE.on(str(column)), row)
        return self.build(position, credentials, row)

    def map(self, positions: Sequence[int], chunk: Chunk) -> list[UserUpdate | Outcome]:
        """Return what calling the mapper with each row would return, for many rows in a fraction of the time.

        :param positions: the rows' numbers, from 0.
        :param chunk: the rows.
        """
        if self._filter is not None:
            return self._map_some(positions, chunk, self._filter)
        return self._map_all(positions, chunk)

    def _map_some(self, positions: Sequence[int], chunk: Chunk, where: Filter) -> list[UserUpdate | Outcome]:
        """Map the rows that are sent together, and the others by themselves."""
        rows = list(chunk)
        passing = [index for index, row in enumerate(rows) if type(row) is dict and where(row) is None]
        some = self._map_all([positions[index] for index in passing], chunk.pick(passing))
        made = dict(zip(passing, some, strict=True))
        return [made[index] if index in made else self(positions[index], row) for index, row in enumerate(rows)]

    def _map_all(self, positions: Sequence[int], chunk: Chunk) -> list[UserUpdate | Outcome]:
        made, left = self._bulk.map(positions, chunk, self.notes)
        for index in sorted(left):
            made[index] = self(positions[index], chunk.row(index))
        return made

    def user_of(self, row: Any) -> Hashable:
        """Return what identifies the user whom a row names: by its first credential; None if that cannot be told."""
        keys = self._keys_of(row.fit if isinstance(row, MalformedRow) else row)
        return keys[0] if keys else None

    def build(
        self, position: int, credentials: dict[str, Any], row: Row, notes: Notes = (), fit: Columns | None = None
    ) -> UserUpdate | Outcome:
        """Return the update that sets a row's columns for the user with these credentials.

        :param position: the row's number, from 0.
        :param credentials: credential -> value.
        :param row: the row.
        :param notes: attribute and note, for what is odd about the row.
        :param fit: the columns to take, where others of the row cannot be sent; None for all.
        """
        user = attributes = None
        keys: tuple[Hashable, ...] = ()
        given = notes
        unset: tuple[str, ...] | list[str] = self._unset
        try:
            user, keys = self._identify(credentials)
            if type(user) is Noted:
                notes = [*notes, (str(user.attribute), user.note)]
                user = user.value
            attributes = self.constants.copy()
            columns = self._columns if fit is None else fit
            if columns is None:
                columns = self._shapes.columns_of(tuple(row))
            for name, column, table in columns:
                value = row[column]
                if value is None:
                    if self._unset_nulls:
                        unset = [*unset, name]
                    continue
                convert = table[type(value)]
                if convert is not as_is:
                    value = convert(value)
                    if type(value) is Noted:
                        notes = [*notes, (name, value.note)]
                        value = value.value
                    elif value is None:  # such as a blank text that was to be hashed
                        if self._unset_nulls:
                            unset = [*unset, name]
                        continue
                attributes[name] = value
        except Exception as error:
            # A value may run code of its own when it is converted. Whatever that raises concerns this row alone, and
            # its text may repeat the value.
            if attributes is None or fit is not None:
                verdict = error.verdict if isinstance(error, InvalidRow) else UNCONVERTIBLE
                return Outcome(position, verdict, row, user, keys)
            return self._build_unfit(position, credentials, row, given, user, keys)
        if not attributes and not unset:
            return Outcome(position, NOTHING_TO_SET, row, user, keys)
        if notes or self._constant_notes:
            for note in (*notes, *self._constant_notes):
                self.notes[note] += 1
        return UserUpdate(position, user, keys, attributes, unset, row)

    def _build_unfit(
        self,
        position: int,
        credentials: dict[str, Any],
        row: Row,
        notes: Notes,
        user: Any,
        keys: tuple[Hashable, ...],
    ) -> UserUpdate | Outcome:
        """Return the outcome of a row with values that cannot be sent, or its update without them."""
        try:
            columns = self._columns
            unfit_names: dict[Any, Verdict] = {}
            if columns is None:
                columns, unfit_names = self._shapes.fit_columns_of(tuple(row))
            faults = {**unfit_names, **find_faults(columns, row)}
            first, *others = faults.values()
        except Exception:  # a library's own kind of row, or a value that converts the second time
            return Outcome(position, UNCONVERTIBLE, row, user, keys)
        outcome = Outcome(position, replace(first, others=tuple(others)), row, user, keys)
        if not self._leave_out:
            return outcome
        left_out = [(str(verdict.attribute), f"left out: {verdict.meaning}") for verdict in faults.values()]
        fit = tuple(column for column in columns if column[0] not in faults)
        made = self.build(position, credentials, row, [*notes, *left_out], fit)
        return outcome if isinstance(made, Outcome) else made

    def _build_malformed(self, position: int, row: Any) -> UserUpdate | Outcome:
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
        columns = self._columns if self._columns is not None else self._shapes.columns_of(tuple(row.fit))
        left_out = {name: faults[column] for name, column, _ in columns if column in faults}
        unset = [name for name in made.unset if name not in left_out]
        if not made.attributes and not unset:
            return outcome
        for name, fault in left_out.items():
            self.notes[str(name), f"left out: {fault.meaning}"] += 1
        return UserUpdate(position, made.user, made.keys, made.attributes, unset, row)

    def _keys_of(self, row: Any) -> tuple[Hashable, ...]:
        """Return what identifies a row's user; nothing if that cannot be told."""
        try:
            return self._identify({credential: row[column] for credential, column in self._user if column in row})[1]
        except Exception:
            return ()

    def _build_without(self, position: int, row: Row, missing: str) -> UserUpdate | Outcome:
        """Name the user by the credentials there are, and note it: JSON exports leave out NULLs."""
        try:
            credentials = {credential: row[column] for credential, column in self._user if column in row}
        except Exception:
            return Outcome(position, UNCONVERTIBLE.on(missing), row)
        if not credentials:
            return Outcome(position, MISSING_COLUMN.on(missing), row)
        notes = [(credential, CREDENTIAL_MISSING) for credential, _ in self._user if credential not in credentials]
        return self.build(position, credentials, row, notes)

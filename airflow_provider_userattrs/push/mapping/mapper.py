# SPDX-License-Identifier: Apache-2.0
"""From a row to a `UserUpdate`: which column names the user, which columns go where, what a NULL means."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.scalars import id_text
from airflow_provider_userattrs.push.mapping.values import (
    UNCONVERTIBLE,
    Noted,
    ValueTable,
    as_is,
    fault,
    no_place,
    unwritable,
)
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow, Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

#: Attribute, the column it comes from, the table from its value's type to a converter.
Plan: TypeAlias = tuple[tuple[str, str, ValueTable], ...]

Notes: TypeAlias = Sequence[tuple[str, str]]

MISSING_COLUMN = Verdict(
    Status.INVALID,
    "missing-column",
    "row has no such column",
    "Check the column's name, or give every row the column with None where there is no value.",
)
LACKS_CREDENTIAL = "row without this credential's column"
NOTHING_TO_SET = Verdict(
    Status.SKIPPED, "nothing-to-set", "every attribute is NULL", "Nothing: there was nothing to send."
)


def row_type(row: Any) -> Verdict:
    """Return the verdict on a row that is no mapping from column to value."""
    is_cells = isinstance(row, (list, tuple))
    return Verdict(
        Status.INVALID,
        "row-type",
        f"row is {'a list of cells' if is_cells else _kind(row)}, not a dict from column to value",
        "Name the columns: dict(zip(columns, row)), a cursor that gives dicts (DictCursor), or SqlRows."
        if is_cells
        else "Hand over a list of dicts, one for each user.",
    )


def name_type(name: Any) -> Verdict | None:
    """Return the verdict on a name that is no text, or None."""
    if isinstance(name, str):
        return None
    return Verdict(
        Status.INVALID,
        "name-type",
        "name is None, which csv.DictReader gives to cells beyond the header"
        if name is None
        else f"name is {_kind(name)}, not text",
        "Give every cell a column in the header." if name is None else "Name every column by text.",
    )


def _kind(value: Any) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


#: Shapes of rows whose plan is kept; rows of one push rarely have more than one.
_SHAPES = 256


Attributes: TypeAlias = "Mapping[str, str | Constant | Hashed] | Iterable[str] | None"


class Mapper:
    """Turn rows into updates.

    :param rules: the vendor's rules for the operation.
    :param user: credential -> column that holds it, in order of preference.
    :param attributes: None for every other column; columns; or ``{attribute: column | Constant | Hashed}``.
    :param unset: attributes to remove from every user; with these, no attribute is set.
    :param unset_nulls: whether a NULL removes the attribute at the vendor instead of being left out.
    :raises InvalidRow: if a name or a constant given here breaks one of the vendor's rules.
    """

    def __init__(
        self,
        rules: Rules,
        user: Mapping[str, str],
        *,
        attributes: Attributes = None,
        unset: tuple[str, ...] = (),
        unset_nulls: bool = False,
    ) -> None:
        #: (attribute, what was done to its values) -> how many.
        self.notes: Counter[tuple[str, str]] = Counter()
        self._rules = rules
        self._identify = rules.identify
        self._user = tuple(user.items())
        self._user_columns = frozenset(user.values())
        self._unset = unset
        self._unset_nulls = unset_nulls
        self._constants: dict[str, Any] = {}
        self._constant_notes: list[tuple[str, str]] = []
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._last: tuple[tuple[str, ...], Plan] = ((), ())
        self._plan = () if unset else None if attributes is None else self._compile(attributes)
        for name in unset:
            self._require_name(name)

    @property
    def user_columns(self) -> tuple[str, ...]:
        """The columns that name the user, in order of preference."""
        return tuple(column for _, column in self._user)

    @property
    def attribute_columns(self) -> tuple[str, ...]:
        """The columns that were named for attributes; none where every other column is taken."""
        return tuple(column for _, column, _ in self._plan or ())

    def __call__(self, position: int, row: Row | MalformedRow) -> UserUpdate | Outcome:
        """Return the update a row asks for, or its outcome if there is nothing to send."""
        if type(row) is not dict and not isinstance(row, Mapping):
            return Outcome(position, row.verdict if isinstance(row, MalformedRow) else row_type(row), row)
        column = None
        credentials = {}
        try:
            for credential, column in self._user:
                credentials[credential] = row[column]
        except KeyError:
            return self._build_lacking(position, row, str(column))
        except Exception:  # a row of some library's own may run code when it is read
            return Outcome(position, UNCONVERTIBLE.on(str(column)), row)
        return self.build(position, credentials, row)

    def build(self, position: int, credentials: dict[str, Any], row: Row, noted: Notes = ()) -> UserUpdate | Outcome:
        """Return the update that sets a row's columns for the user with these credentials.

        :param position: the row's place among the rows read.
        :param credentials: credential -> value.
        :param row: the row.
        :param noted: what is odd about the row already.
        """
        user = name = None
        unset: tuple[str, ...] | list[str] = self._unset
        try:
            user, keys = self._identify(credentials)
            if type(user) is Noted:
                noted = [*noted, (str(user.attribute), user.note)]
                user = user.value
            attributes = self._constants.copy()
            plan = self._plan
            if plan is None:
                shape = tuple(row)
                last, plan = self._last
                if shape != last:  # the names are the same objects as a rule, so that this takes no look at them
                    plan = self._plan_for(shape)
            for name, column, table in plan:
                try:
                    value = row[column]
                except KeyError:
                    return Outcome(position, MISSING_COLUMN.on(str(column)), row, user)
                if value is None:
                    if self._unset_nulls:
                        unset = [*unset, name]
                    continue
                convert = table[type(value)]
                if convert is not as_is:
                    value = convert(value)
                    if type(value) is Noted:
                        noted = [*noted, (name, value.note)]
                        value = value.value
                    elif value is None:  # blanks that were to be hashed
                        if self._unset_nulls:
                            unset = [*unset, name]
                        continue
                attributes[name] = value
        except InvalidRow as invalid:
            verdict = invalid.verdict
            return Outcome(position, verdict if name is None or verdict.attribute else verdict.on(name), row, user)
        except Exception:
            # A value may run code of its own when it is converted; whatever that raises is the row's fault alone,
            # and its text may repeat the value.
            return Outcome(position, UNCONVERTIBLE if name is None else UNCONVERTIBLE.on(str(name)), row, user)
        if not attributes and not unset:
            return Outcome(position, NOTHING_TO_SET, row, user)
        if noted or self._constant_notes:
            for note in (*noted, *self._constant_notes):
                self.notes[note] += 1
        return UserUpdate(position, user, keys, attributes, unset, row)

    def _build_lacking(self, position: int, row: Row, lacked: str) -> UserUpdate | Outcome:
        """Name the user by the other credentials, for exports of JSON leave out what is NULL; it is noted."""
        try:
            credentials = {credential: row[column] for credential, column in self._user if column in row}
        except Exception:
            return Outcome(position, UNCONVERTIBLE.on(lacked), row)
        if not credentials:
            return Outcome(position, MISSING_COLUMN.on(lacked), row)
        noted = [(credential, LACKS_CREDENTIAL) for credential, _ in self._user if credential not in credentials]
        return self.build(position, credentials, row, noted)

    def _compile(self, attributes: Attributes) -> Plan:
        pairs = attributes if isinstance(attributes, Mapping) else {name: name for name in attributes or ()}
        plan: list[tuple[str, str, ValueTable]] = []
        for name, source in pairs.items():
            self._require_name(name)
            if isinstance(source, Constant):
                self._constants[name] = self._convert_constant(name, source.value)
            elif isinstance(source, Hashed):
                plan.append((name, source.column, _hashing(self._table(name))))
            else:
                plan.append((name, source, self._table(name)))
        return tuple(plan)

    def _plan_for(self, shape: tuple[str, ...]) -> Plan:
        """Plan to send every column but the user's under its own name; rows of one shape share the plan."""
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._compile([name for name in shape if name not in self._user_columns])
            if len(self._plans) == _SHAPES:
                self._plans.clear()
            self._plans[shape] = plan
        self._last = shape, plan
        return plan

    def _table(self, name: str) -> ValueTable:
        return self._rules.named.get(name, self._rules.types)

    def _require_name(self, name: str) -> None:
        verdict = name_type(name) or self._rules.check_name(name)
        if verdict is not None:
            raise InvalidRow(verdict.on(str(name)[:80]))

    def _convert_constant(self, name: str, value: Any) -> Any:
        try:
            converted = self._table(name)[type(value)](value)
        except InvalidRow as invalid:
            raise InvalidRow(invalid.verdict.on(name)) from None
        except Exception:  # its text may repeat the value
            raise InvalidRow(UNCONVERTIBLE.on(name)) from None
        if isinstance(converted, Noted):
            self._constant_notes.append((name, converted.note))
            converted = converted.value
        if unwritable(converted):
            raise InvalidRow(fault(converted).on(name))
        return converted


def _hashing(table: ValueTable) -> ValueTable:
    """Return a table that hashes, and holds the hash against the rules for text; a blank text is no value."""
    convert = table[str]

    def hash_then_convert(value: Any) -> Any:
        text = _folded(value)
        return convert(_sha256(text)) if text else None

    return ValueTable({str: hash_then_convert, int: hash_then_convert, object: hash_then_convert})


def hashed(value: Any) -> str:
    """Return the SHA-256 of a value's text, stripped and in lower case, as hex."""
    return _sha256(_folded(value))


def _folded(value: Any) -> str:
    text = id_text(value)
    if text is None:
        no_place(type(value))(value)
    return str(text).strip().lower()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

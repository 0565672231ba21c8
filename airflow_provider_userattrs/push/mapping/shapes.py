# SPDX-License-Identifier: Apache-2.0
"""What is found out once about all rows with the same columns: their shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.attributes import Columns, Compiled, compile_attributes
from airflow_provider_userattrs.push.mapping.displays import Display, display_of
from airflow_provider_userattrs.push.mapping.faults import find_unfit_names
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import MISSING_COLUMN

CREDENTIAL_MISSING = "row without this credential's column"

SAME_ATTRIBUTE = Verdict(
    Status.INVALID,
    "same-attribute",
    "two columns for one attribute",
    "Give the other column to exclude, or rename to another attribute.",
)

#: Shapes that are remembered; the rows of one push rarely have more than one.
MAX_SHAPES = 256

#: The columns of a row.
Names: TypeAlias = tuple[Any, ...]


@dataclass
class Shape:
    """What an update of rows with certain columns is made of.

    :param index: column -> its index in the row.
    :param user: credential and its column, of those that the rows have.
    :param columns: the attributes that come from a column, which the rows may lack.
    :param constants: attribute -> its value, of those that are the same for every user.
    :param missing: attribute -> the verdict on the rows, if they lack its column.
    :param faults: the verdicts on columns that cannot be attributes.
    :param notes: attribute or credential, and note, on what is odd about the rows.
    :param unnamed: the verdict on the rows, if none of them names a user.
    """

    index: Mapping[Any, int]
    user: tuple[tuple[str, str], ...]
    columns: Columns
    constants: Mapping[str, Any]
    missing: Mapping[str, Verdict]
    faults: tuple[Verdict, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    unnamed: Verdict | None = None

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that come from a column."""
        return tuple(name for name, _, _ in self.columns)

    @cached_property
    def display(self) -> Display:
        """What makes the dicts of the attributes."""
        return display_of(self.attributes, self.constants)


class Shapes:
    """Finds out which attributes rows have, and where.

    :param rules: the vendor's rules for the operation.
    :param user: credential -> column that holds it, in order of preference.
    :param compiled: the attributes that the author named; None for every row's own columns.
    :param exclude: columns that are not sent, where these are taken.
    :param rename: column -> attribute, where these are taken; other columns keep their names.
    :param no_attributes: columns that are no attributes, in any case, as databases fold it.
    """

    def __init__(
        self,
        rules: Rules,
        user: Mapping[str, str],
        compiled: Compiled | None = None,
        exclude: Collection[str] = (),
        rename: Mapping[str, str] | None = None,
        no_attributes: Collection[str] = (),
    ) -> None:
        self._rules = rules
        self._user = dict(user)
        self._compiled = compiled
        self._rename = dict(rename or {})
        self._others = frozenset((*user.values(), *exclude))
        self._no_attributes = frozenset(no_attributes)
        self._known: dict[Names, Shape] = {}
        self._last: tuple[Names, Shape | None] = ((), None)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that would be attributes if they were named."""
        return tuple(sorted(self._no_attributes - self._others - self._rename.keys()))

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that any of the rows so far had a column for."""
        return tuple(dict.fromkeys(name for shape in self._known.values() for name in shape.attributes))

    def of(self, names: Names) -> Shape:
        """Return the shape of rows with these columns; where a name comes twice, the last column of it counts."""
        last, shape = self._last
        if shape is not None and names == last:  # the same objects as a rule, which makes this comparison cheap
            return shape
        shape = self._known.get(names)
        if shape is None:
            if len(self._known) >= MAX_SHAPES:
                self._known.clear()
            shape = self._known[names] = self._find(names)
        self._last = names, shape
        return shape

    def _find(self, names: Names) -> Shape:
        index = {name: number for number, name in enumerate(names)}
        compiled, faults = (self._compiled, {}) if self._compiled is not None else self._own(tuple(index))
        without = [credential for credential, column in self._user.items() if column not in index]
        is_unnamed = self._user and len(without) == len(self._user)
        return Shape(
            index,
            tuple((credential, column) for credential, column in self._user.items() if column in index),
            compiled.columns,
            compiled.constants,
            {name: MISSING_COLUMN.on(str(column)) for name, column, _ in compiled.columns if column not in index},
            tuple(faults.values()),
            (*((credential, CREDENTIAL_MISSING) for credential in without), *compiled.notes),
            MISSING_COLUMN.on(str(next(iter(self._user.values())))) if is_unnamed else None,
        )

    def _own(self, names: Names) -> tuple[Compiled, dict[Any, Verdict]]:
        """Return the attributes of rows whose columns the author has not named, and the verdicts on unfit ones.

        A column that names the user, or the key, is an attribute only if it is renamed.
        """
        columns: dict[Any, Any] = {}
        faults: dict[Any, Verdict] = {}
        others = self._others | {_as_among(names, name) for name in self._no_attributes}
        for column in names:
            if column in self._rename or column not in others:
                name = self._rename.get(column, column)
                if name in columns:
                    faults[name] = SAME_ATTRIBUTE.on(str(name))
                columns[name] = column
        faults |= find_unfit_names(columns, self._rules)
        fit = {name: column for name, column in columns.items() if name not in faults}
        return compile_attributes(fit, self._rules), faults


def _as_among(columns: Names, name: str) -> str:
    """Return a column's name as the columns have it: databases fold the case of names, each in its own way."""
    if name in columns:
        return name
    return next((column for column in columns if str(column).lower() == name.lower()), name)

# SPDX-License-Identifier: Apache-2.0
"""What is found out once about all rows with the same columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.attributes import Compiled, compile_attributes
from airflow_provider_userattrs.push.mapping.faults import find_unfit_names
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import ValueTable
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

SAME_ATTRIBUTE = Verdict(
    Status.INVALID,
    "same-attribute",
    "two columns for one attribute",
    "Give the other column to exclude, or rename to another attribute.",
)

#: Shapes that are remembered; the rows of one push rarely have more than one.
_MAX_SHAPES = 256

#: The columns of a row.
Names: TypeAlias = tuple[Any, ...]

#: Makes a dict of each tuple of values.
Display: TypeAlias = Callable[[Iterable[tuple[Any, ...]]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Shape:
    """What is made of rows with certain columns.

    :param user: credential -> the index of its column, for those that the rows have.
    :param missing: the credentials whose columns they lack.
    :param columns: attribute, column, the index of the column (None if the rows lack it), type -> converter.
    :param faults: the verdicts on attributes that cannot be sent, because of their names.
    :param display: makes the dicts of the attributes: first the constants, then the columns.
    """

    user: dict[str, int]
    missing: tuple[str, ...]
    columns: tuple[tuple[str, str, int | None, ValueTable], ...]
    faults: dict[Any, Verdict]
    display: Display


class Shapes:
    """Remembers the shapes of rows.

    :param rules: the vendor's rules for the operation.
    :param user: credential -> column that holds it, in order of preference.
    :param compiled: the attributes that the author named; None for every column but the user's.
    :param exclude: columns that are not sent, where no attributes are named.
    :param rename: column -> attribute, where no attributes are named.
    :param no_attributes: columns that are no attributes unless they are named, in any case, as databases fold it.
    """

    def __init__(
        self,
        rules: Rules,
        user: Mapping[str, str],
        compiled: Compiled | None,
        exclude: Collection[str],
        rename: Mapping[str, str],
        no_attributes: Collection[str],
    ) -> None:
        self._rules = rules
        self._user = dict(user)
        self._compiled = compiled
        self._others = frozenset((*user.values(), *exclude))
        #: The columns that would be attributes if they were named.
        self.left_out = () if compiled else tuple(sorted({*no_attributes} - self._others - rename.keys()))
        self._rename = dict(rename)
        self._no_attributes = frozenset(no_attributes)
        self._known: dict[Names, Shape] = {}

    def __getitem__(self, names: Names) -> Shape:
        """Return the shape of rows with these columns."""
        shape = self._known.get(names)
        if shape is None:
            if len(self._known) >= _MAX_SHAPES:
                self._known.clear()
            shape = self._known[names] = self._shape_of(names)
        return shape

    def _shape_of(self, names: Names) -> Shape:
        index = {name: number for number, name in enumerate(names)}
        faults: dict[Any, Verdict] = {}
        compiled = self._compiled
        if compiled is None:
            own, faults = self._own_attributes(names)
            faults |= find_unfit_names(own, self._rules)
            compiled = compile_attributes({name: own[name] for name in own if name not in faults}, self._rules)
        return Shape(
            {credential: index[column] for credential, column in self._user.items() if column in index},
            tuple(credential for credential, column in self._user.items() if column not in index),
            tuple((name, column, index.get(column), table) for name, column, table in compiled.columns),
            faults,
            display_of([*compiled.constants, *(name for name, _, _ in compiled.columns)]),
        )

    def _own_attributes(self, names: Names) -> tuple[dict[Any, Any], dict[Any, Verdict]]:
        """Return attribute -> column, and the verdicts on attributes that have two.

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
        return columns, faults


def display_of(names: Sequence[str]) -> Display:
    """Return a function that makes a dict of each tuple of values: a dict display, twice as fast as `dict` and `zip`.

    :param names: the keys of the dicts.
    """
    values = [f"v{number}" for number in range(len(names))]
    pairs = ", ".join(f"{str.__repr__(name)}: {value}" for name, value in zip(names, values, strict=True))
    display: Display = eval(f"lambda rows: [{{{pairs}}} for [{', '.join(values)}] in rows]", {})
    return display


def _as_among(columns: Names, name: str) -> str:
    """Return a column's name as the columns have it: databases fold the case of names, each in its own way."""
    if name in columns:
        return name
    return next((column for column in columns if str(column).lower() == name.lower()), name)

# SPDX-License-Identifier: Apache-2.0
"""What is found out once about all rows with the same columns: their shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.attributes import Columns, compile_attributes
from airflow_provider_userattrs.push.mapping.faults import find_unfit_names
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

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


class Shapes:
    """Finds out which attributes rows have whose columns the author has not named.

    :param rules: the vendor's rules for the operation.
    :param user: credential -> column that holds it.
    :param exclude: columns that are not sent.
    :param rename: column -> attribute; other columns keep their names.
    :param no_attributes: columns that are no attributes, in any case, as databases fold it.
    """

    def __init__(
        self,
        rules: Rules,
        user: Mapping[str, str],
        exclude: Collection[str],
        rename: Mapping[str, str],
        no_attributes: Collection[str],
    ) -> None:
        self._rules = rules
        self._others = frozenset((*user.values(), *exclude))
        self._rename = dict(rename)
        self._no_attributes = frozenset(no_attributes)
        self._known: dict[Names, Columns] = {}
        self._last: tuple[Names, Columns] = ((), ())
        self._fit: dict[Names, tuple[Columns, dict[Any, Verdict]]] = {}

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that would be attributes if they were named."""
        return tuple(sorted(self._no_attributes - self._others - self._rename.keys()))

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that any of the rows so far had a column for."""
        columns = (*self._known.values(), *(fit for fit, _ in self._fit.values()))
        return tuple(dict.fromkeys(name for shape in columns for name, _, _ in shape))

    def columns_of(self, names: Names) -> Columns:
        """Return the columns of rows of a shape, as they are sent.

        :param names: the names of the rows' columns.
        :raises InvalidRow: if the vendor does not take one of the attributes, or two columns are the same one.
        """
        last, columns = self._last
        if names == last:  # the names are the same objects as a rule, which makes this comparison cheap
            return columns
        known = self._known.get(names)
        if known is None:
            own, faults = self._own_attributes(names)
            for verdict in faults.values():
                raise InvalidRow(verdict)
            known = compile_attributes(own, self._rules).columns
            if len(self._known) == MAX_SHAPES:
                self._known.clear()
            self._known[names] = known
        self._last = names, known
        return known

    def fit_columns_of(self, names: Names) -> tuple[Columns, dict[Any, Verdict]]:
        """Return the columns of a shape whose names can be sent, and the verdicts on the others.

        :param names: the names of the rows' columns.
        """
        known = self._fit.get(names)
        if known is None:
            own, faults = self._own_attributes(names)
            faults |= find_unfit_names(own, self._rules)
            fit = {name: column for name, column in own.items() if name not in faults}
            columns = compile_attributes(fit, self._rules).columns
            if len(self._fit) == MAX_SHAPES:
                self._fit.clear()
            known = self._fit[names] = columns, faults
        return known

    def _own_attributes(self, names: Names) -> tuple[dict[Any, Any], dict[Any, Verdict]]:
        """Return attribute -> column, and the verdicts on attributes that have two.

        A column that names the user, or the key, is an attribute only if it is renamed.

        :param names: the names of the rows' columns.
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


def _as_among(columns: Names, name: str) -> str:
    """Return a column's name as the columns have it: databases fold the case of names, each in its own way."""
    if name in columns:
        return name
    return next((column for column in columns if str(column).lower() == name.lower()), name)

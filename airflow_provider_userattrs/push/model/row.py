# SPDX-License-Identifier: Apache-2.0
"""A row as a source yields it, and the update that is made of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.model.verdict import Verdict

#: Column -> value.
Row: TypeAlias = Mapping[str, Any]


class UserUpdate:
    """What one row asks the vendor to do: set or unset attributes of one user.

    :param position: the row's number among the rows read, from 0.
    :param user: the user as the request names it: an id, or a dict of credentials.
    :param keys: what identifies the user; updates that share a key are applied in the order of their rows.
    :param attributes: attribute name -> value, as the vendor's API takes it.
    :param unset: the names of the attributes to remove.
    :param row: the row as it was read, for the rejects file; a tuple of cells if there are names.
    :param names: the columns of the cells.
    """

    __slots__ = ("_names", "_row", "attributes", "keys", "position", "unset", "user")

    def __init__(
        self,
        position: int,
        user: Any,
        keys: tuple[Hashable, ...],
        attributes: dict[str, Any],
        unset: tuple[str, ...] | list[str],
        row: Any,
        names: tuple[str, ...] | None = None,
    ) -> None:
        self.position = position
        self.user = user
        self.keys = keys
        self.attributes = attributes
        self.unset = unset
        self._row = row
        self._names = names

    @property
    def row(self) -> Row | MalformedRow:
        """The row as it was read."""
        row: Row | MalformedRow = self._row if self._names is None else name_cells(self._names, self._row)
        return row


def name_cells(names: tuple[str, ...], cells: Any) -> dict[str, Any]:
    """Return the row that has these cells.

    :param names: the columns.
    :param cells: as many cells.
    """
    return dict(zip(names, cells))  # noqa: B905  as many cells as names


class MalformedRow:
    """A row that its source could not read.

    :param verdict: the verdict on it.
    :param raw: what was read, for the rejects file.
    :param types: the declared column types, if ``raw`` is the row before its conversion to them.
    :param fit: the row with NULL in the columns that the verdict and its others name; None if there is no such row.
    """

    __slots__ = ("fit", "raw", "types", "verdict")

    def __init__(
        self, verdict: Verdict, raw: Any = None, types: Mapping[str, str] | None = None, fit: Row | None = None
    ) -> None:
        self.fit = fit
        self.verdict = verdict
        self.raw = raw
        self.types = types

# SPDX-License-Identifier: Apache-2.0
"""Updates of rows that were mapped together, as columns."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, pairwise, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, overload

from airflow_provider_userattrs.push.model.row import UserUpdate

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.model.verdict import Outcome

_position, _keys, _user = attrgetter("position"), attrgetter("keys"), attrgetter("user")
_fields = attrgetter("position", "user", "keys", "attributes", "unset", "row")
_columns = attrgetter("positions", "users", "keys", "attributes", "unset", "rows")


class Updates(Sequence[UserUpdate]):
    """Updates as columns; an object is made only of one that is asked for.

    :param positions: the rows' numbers, ascending.
    :param users: the users, as the request names them.
    :param keys: what identifies each.
    :param attributes: attribute name -> value, for each.
    :param unset: the names of the attributes to remove, for each.
    :param rows: the rows as they were read; tuples of cells if there are names.
    :param names: the columns of the cells.
    """

    __slots__ = ("attributes", "keys", "names", "positions", "rows", "unset", "users")

    def __init__(
        self,
        positions: Sequence[int],
        users: Sequence[Any],
        keys: Sequence[tuple[Hashable, ...]],
        attributes: Sequence[dict[str, Any]],
        unset: Sequence[Sequence[str]],
        rows: Sequence[Any],
        names: tuple[str, ...] | None = None,
    ) -> None:
        self.positions = positions
        self.users = users
        self.keys = keys
        self.attributes = attributes
        self.unset = unset
        self.rows = rows
        self.names = names

    @classmethod
    def of(cls, updates: Sequence[UserUpdate]) -> Updates:
        """Return updates as columns; there must be one at least."""
        if type(updates) is Updates:
            return updates
        positions, users, keys, attributes, unset, rows = map(list, zip(*map(_fields, updates), strict=True))
        return cls(positions, users, keys, attributes, unset, rows)

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[UserUpdate]:
        return map(UserUpdate, *_columns(self), repeat(self.names))

    @overload
    def __getitem__(self, index: int) -> UserUpdate: ...
    @overload
    def __getitem__(self, index: slice) -> Updates: ...
    def __getitem__(self, index: int | slice) -> UserUpdate | Updates:
        make: Any = Updates if isinstance(index, slice) else UserUpdate
        made: UserUpdate | Updates = make(*[column[index] for column in _columns(self)], self.names)
        return made


def joined(parts: Sequence[Sequence[UserUpdate]]) -> Sequence[UserUpdate]:
    """Return updates one part after the other, as columns where all are that already.

    :param parts: updates; there must be one part at least.
    """
    if len(parts) == 1:
        return parts[0]
    columns = [part for part in parts if type(part) is Updates]
    if len(columns) == len(parts) and len({part.names for part in columns}) == 1:
        whole = (list(chain.from_iterable(each)) for each in zip(*map(_columns, columns), strict=True))
        positions, users, keys, attributes, unset, rows = whole
        return Updates(positions, users, keys, attributes, unset, rows, columns[0].names)
    return list(chain.from_iterable(parts))


def in_order(parts: Sequence[Sequence[UserUpdate]]) -> Sequence[UserUpdate]:
    """Return updates in the order of their rows, as columns where all are that already.

    :param parts: updates, those of each part in their order; there must be one part at least, and none empty.
    """
    if len(parts) == 1:
        return parts[0]
    columns = [part for part in parts if type(part) is Updates]
    if len(columns) == len(parts):
        columns.sort(key=lambda part: part.positions[0])
        if all(before.positions[-1] < after.positions[0] for before, after in pairwise(columns)):
            return joined(columns)
    return sorted(chain.from_iterable(parts), key=_position)


def positions_of(rows: Sequence[UserUpdate | Outcome]) -> Sequence[int]:
    """Return the rows' numbers."""
    return rows.positions if type(rows) is Updates else list(map(_position, rows))


def keys_of(updates: Sequence[UserUpdate]) -> Sequence[tuple[Hashable, ...]]:
    """Return what identifies the users."""
    return updates.keys if type(updates) is Updates else list(map(_keys, updates))


def users_of(updates: Sequence[UserUpdate]) -> Sequence[Any]:
    """Return the users as the request names them."""
    return updates.users if type(updates) is Updates else list(map(_user, updates))

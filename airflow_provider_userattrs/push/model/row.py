# SPDX-License-Identifier: Apache-2.0
"""One user, and what to set or unset at the vendor."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.model.verdict import Verdict

#: A row as a source hands it over.
Row: TypeAlias = Mapping[str, Any]


class UserUpdate:
    """Hold what one row asks the vendor to do.

    :param position: the row's place among the rows read, from 0.
    :param user: how the request body names the user: an id, or a dict of credentials.
    :param keys: what tells users apart; two updates that share a key are applied in the order of their rows.
    :param attributes: attribute name -> value, as the vendor's API takes it.
    :param unset: the names of the attributes to remove.
    :param row: the row as it was read, for the rejects file.
    """

    __slots__ = ("attributes", "keys", "position", "row", "unset", "user")

    def __init__(
        self,
        position: int,
        user: Any,
        keys: tuple[Hashable, ...],
        attributes: dict[str, Any],
        unset: tuple[str, ...] | list[str],
        row: Row,
    ) -> None:
        self.position = position
        self.user = user
        self.keys = keys
        self.attributes = attributes
        self.unset = unset
        self.row = row


class MalformedRow:
    """Stand in for a row that its source could not read.

    :param verdict: why, as the row's verdict.
    :param raw: what was read, for the rejects file.
    :param types: the types declared for the columns, if ``raw`` is the row as it was before it was converted to them.
    """

    __slots__ = ("raw", "types", "verdict")

    def __init__(self, verdict: Verdict, raw: Any = None, types: Mapping[str, str] | None = None) -> None:
        self.verdict = verdict
        self.raw = raw
        self.types = types

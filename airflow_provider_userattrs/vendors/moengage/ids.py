# SPDX-License-Identifier: Apache-2.0
"""MoEngage: the customer id, which names a user.

https://www.moengage.com/docs/api/data/data-overview, "Request Body"
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.push.mapping.ids import (
    FROM_FLOAT,
    MAX_MISSING_LENGTH,
    are_texts,
    id_note,
    required_id,
)
from airflow_provider_userattrs.push.mapping.values import Noted
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

CUSTOMER_ID = Verdict(
    Status.INVALID,
    "customer-id",
    "customer_id is not a text of more than one character",
    "Give the text that identifies the user in MoEngage.",
)
BLOCKED_CUSTOMER_ID = Verdict(
    Status.INVALID,
    "blocked-customer-id",
    "customer_id is one that MoEngage blocks",
    "Leave users without an id of their own out of the push.",
)
NO_CUSTOMER_ID = Verdict(
    Status.INVALID,
    "customer-id",
    "customer_id is missing: NULL, or a data library's marker for it",
    "Leave users without an id of their own out of the push.",
)

#: Ids that name no user. Whether MoEngage compares them by case is not documented, so case does not matter here.
BLOCKED_CUSTOMER_IDS = frozenset(
    {"", "(empty)", "0", "1", "2", "-1", "-2", "id", "uid", "userid", "user_id", "customer_id"}
    | {"na", "n/a", "none", "null", "true", "false", "guest", "unknown"}
    | {"user_attribute_unique_id", "dummy_seller_code"}
)


def identify(credentials: dict[str, Any]) -> tuple[str | Noted, tuple[Hashable, ...]]:
    """Return a user as the request names it: the customer id, a text of more than one character.

    :raises InvalidRow: if it is not such a text, or one that MoEngage blocks.
    """
    (value,) = credentials.values()
    note = None
    if type(value) is not str:
        note = FROM_FLOAT if isinstance(value, float) else None
        value = required_id(value, NO_CUSTOMER_ID, CUSTOMER_ID)
    stripped = value.strip()
    if stripped.lower() in BLOCKED_CUSTOMER_IDS:
        raise InvalidRow(BLOCKED_CUSTOMER_ID)
    if len(value) < 2:
        raise InvalidRow(CUSTOMER_ID)
    if stripped is not value or len(value) <= MAX_MISSING_LENGTH:
        note = note or id_note(value)
    return Noted(value, note, next(iter(credentials))) if note else value, (value,)


def identify_all(credentials: Mapping[str, Sequence[Any]]) -> tuple[Sequence[str], list[tuple[str, ...]]] | None:
    """Return the users and their keys; None if a customer id is missing, odd or blocked."""
    (ids,) = credentials.values()
    if are_texts(ids, 2) and BLOCKED_CUSTOMER_IDS.isdisjoint(map(str.lower, ids)):
        return ids, list(zip(ids, strict=True))
    return None

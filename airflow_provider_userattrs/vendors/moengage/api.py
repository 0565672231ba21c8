# SPDX-License-Identifier: Apache-2.0
"""MoEngage: the operations of its Data API.

``POST /v1/customer/<APP_ID>``, one user per request; a 200 means that the update is queued, not that it is stored:
seed 003_dbbef344ba752faa, and the newer https://www.moengage.com/docs/api/user/track-user

``POST /v1/transition/<APP_ID>``, as many users as 100 KB hold, as elements of the same form:
https://www.moengage.com/docs/api/bulk/bulk-import-users-and-events

Limits: https://www.moengage.com/docs/api/data/data-overview and https://www.moengage.com/docs/api/rate-limits
`x-ratelimit-reset` is seconds left on one page and epoch seconds on another: there, and
https://www.moengage.com/docs/api/rate-limits
What is cut or dropped silently: https://help.moengage.com/hc/en-us/articles/360037314991-Data-Tracking-Policies
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import orjson

from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates
from airflow_provider_userattrs.vendors.http import asked_to_wait
from airflow_provider_userattrs.vendors.moengage.arrays import FIELDS, array_rules
from airflow_provider_userattrs.vendors.moengage.get_user import get_user
from airflow_provider_userattrs.vendors.moengage.responses import read, read_bulk
from airflow_provider_userattrs.vendors.moengage.values import rules, unset_rules

VENDOR = "MoEngage"

#: https://www.moengage.com/docs/api/introduction#data-centers
DATA_CENTERS = ("01", "02", "03", "04", "05", "06", "101")

#: 128 KB, with 1,000 bytes to a KB, the smaller reading.
MAX_BYTES = 128_000

#: 10,000 user updates per minute and workspace.
MAX_RATE = 10_000 / 60

#: 100 KB, likewise; no page limits the number of elements.
MAX_BULK_BYTES = 100_000

#: 60,000 users per minute and workspace, over all bulk requests (https://www.moengage.com/docs/api/rate-limits; earlier
#: versions of the endpoint's own page have 10,000).
MAX_BULK_RATE = 60_000 / 60

#: Users without activity for 60 days are removed, and no page says that an update of attributes is activity
#: (https://www.moengage.com/docs/user-guide/data/key-concepts/fair-usage-policy-fup).
REFRESH_AFTER = timedelta(days=45)

#: What can be done with attributes besides unsetting them. It is not documented whether MoEngage adds to an array what
#: it holds already, so ``add`` is not repeated.
SET_OPERATIONS = ("set", *FIELDS)

#: How an attribute to unset is matched (seed 003_dbbef344ba752faa, "type operator"; the words:
#: https://www.moengage.com/docs/user-guide/data/user-data/unset-user-attributes).
MATCHES = ("equals", "prefix", "suffix", "contains")

_QUEUED = "MoEngage queued the update; it is stored later, or not at all"
_EXISTING_ONLY = f"{_QUEUED}: a customer that MoEngage does not know is ignored without a word"


def base_url(data_center: str) -> str:
    """Return the base URL of a data center."""
    return f"https://api-{data_center}.moengage.com"


def set_attributes(
    operation: str = "set", *, check_size: bool = True, update_existing_only: bool = False, bulk: bool = False
) -> Operation:
    """Return the operation that sets attributes, adds to arrays or removes from them, in the connection's workspace.

    :param operation: one of `SET_OPERATIONS`.
    :param check_size: whether names, texts and lists that MoEngage would cut are refused.
    :param update_existing_only: whether to skip users that MoEngage does not know.
    :param bulk: whether a request holds as many users as fit.
    """
    encoder = _Encoder(FIELDS.get(operation), update_existing_only=update_existing_only)
    made = Operation(
        vendor=VENDOR,
        name=f"{operation} attributes",
        path="/v1/customer",
        rules=partial(rules if operation == "set" else array_rules, check_size=check_size),
        encode=encoder.one,
        encode_all=encoder.many,
        read=read,
        asked_to_wait=asked_to_wait,
        accepted_means=_EXISTING_ONLY if update_existing_only else _QUEUED,
        done="queued",
        max_bytes=MAX_BYTES,
        max_rate=MAX_RATE,
        rate_unit="users",
        idempotent=operation != "add",
        overwrites=operation == "set",
        refresh_after=REFRESH_AFTER if operation == "set" else None,
        read_back=get_user(operation),
        # Nobody is created to be unset.
        encode_unset=_Encoder(update_existing_only=True).one if operation == "set" else None,
    )
    return in_bulk(made) if bulk else made


def unset_attributes(*, match: str = "equals", case_sensitive: bool = True, bulk: bool = False) -> Operation:
    """Return the operation that removes attributes; the workspace is the connection's.

    :param match: how their names are matched, one of `MATCHES`.
    :param case_sensitive: whether case matters.
    :param bulk: whether a request holds as many users as fit.
    """
    encoder = _Encoder(match=match, case_sensitive=case_sensitive)
    return replace(
        set_attributes(bulk=bulk),
        name="unset attributes",
        rules=lambda zone: unset_rules(match),
        encode=encoder.one,
        encode_all=encoder.many,
        unsets=True,
        refresh_after=None,
        # By other matches more attributes go than are named, and those cannot be asked for.
        read_back=get_user("set") if match == "equals" and case_sensitive else None,
        encode_unset=None,
    )


def in_bulk(operation: Operation) -> Operation:
    """Return an operation with as many users in a request as fit; each is an element of the same form as by itself.

    :param operation: the operation with one user in a request.
    """
    return replace(
        operation,
        path="/v1/transition",
        read=read_bulk,
        head=b'{"type":"transition","elements":[',
        tail=b"]}",
        max_users=None,
        max_bytes=MAX_BULK_BYTES,
        max_rate=MAX_BULK_RATE,
    )


class _Encoder:
    """Encodes updates, each as the body of a request, or many as the elements of one.

    :param array_field: the field for attributes to add to arrays or to remove from them; None for attributes to set.
    :param match: how attributes to unset are matched, one of `MATCHES`.
    :param case_sensitive: whether case matters.
    :param update_existing_only: whether to skip users that MoEngage does not know.
    """

    def __init__(
        self,
        array_field: str | None = None,
        *,
        match: str = "equals",
        case_sensitive: bool = True,
        update_existing_only: bool = False,
    ) -> None:
        self._array_field = array_field
        self._match = match
        self._case_sensitive = case_sensitive
        self._update_existing_only = update_existing_only

    def one(self, update: UserUpdate) -> bytes:
        """Return an update, encoded."""
        return orjson.dumps(self._body(update.user, update.attributes, update.unset))

    def many(self, updates: Updates) -> bytes:
        """Return updates, encoded and joined by commas."""
        return orjson.dumps(list(map(self._body, updates.users, updates.attributes, updates.unset)))[1:-1]

    def _body(self, user: Any, attributes: Mapping[str, Any], unset: Sequence[str]) -> dict[str, Any]:
        body: dict[str, Any] = {"type": "customer", "customer_id": user}
        if self._update_existing_only:
            body["update_existing_only"] = True
        if attributes:
            body["attributes"] = attributes if self._array_field is None else {self._array_field: attributes}
        if unset:
            body["unset_attributes"] = [
                {"type": self._match, "attr": name, "case_sensitive": self._case_sensitive} for name in unset
            ]
        return body


#: Name -> operation, without options.
OPERATIONS = {**{operation: set_attributes(operation) for operation in SET_OPERATIONS}, "unset": unset_attributes()}

#: How attributes can be set, as the operator's parameters say it -> the operation with the limits of that way.
WAYS = {"": OPERATIONS["set"], "bulk=True": set_attributes(bulk=True)}

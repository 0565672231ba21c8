# SPDX-License-Identifier: Apache-2.0
"""What the contract, chaos and value tests must know about a vendor."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from airflow_provider_userattrs.sandbox.vendor import VendorClass


@dataclass(frozen=True)
class Documented:
    """One documented response of a vendor, and the verdict it must lead to.

    :param label: its name among the vendor's.
    :param then: the sandbox's fault that causes it.
    :param status: the status of the row.
    :param code: the code of the reason.
    :param passes: whether the cause is transient, so that the request is sent again.
    """

    label: str
    then: dict[str, Any]
    status: str
    code: str
    passes: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class VendorCase(ABC):
    """A vendor: its operations, its users, its kinds of responses.

    A response is described by the ``then`` of a fault of the sandbox.

    :param imitation: how the sandbox imitates it.
    :param operations: operation -> its operator, and the parameters besides task_id and users.
    :param user_column: the column that names a user.
    :param has_text_keys: whether any text names a user.
    :param batch: users in a request; if there may be several, a response has a verdict on each.
    :param ok: the HTTP status of a success.
    :param longest_value: characters that a value may have, or None.
    :param time_form: how `strptime` reads a time in a request; None if the vendor has no times.
    :param date_form: likewise a date.
    :param time_cut: the fields of a time that a request leaves out.
    :param sends_fractions_as_text: whether floats and decimals are sent as text.
    :param unknown_user: the code for a user whom the vendor does not know; None if it takes any.
    :param refused: a user is refused.
    :param all_refused: every user is refused, under the status of a success.
    :param any_time: responses of the vendor's own that may come at any time.
    :param documented: every code that the vendor's pages have.
    :param busy: a user is refused for now.
    :param partial: some of a user's attributes are accepted; None if there is no such response.
    :param once: operations that must not be repeated.
    :param ways: further parameters of its operators, with which the same must be true.
    :param waits: how the vendor asks to wait, besides the usual headers: a name, the headers of a 429, the seconds they
        mean.
    """

    imitation: VendorClass
    operations: dict[str, tuple[type, dict[str, Any]]]
    user_column: str
    has_text_keys: bool = True
    batch: int = 1
    ok: int = 200
    longest_value: int | None = None
    time_form: str | None
    date_form: str
    time_cut: Sequence[str] = ("microsecond",)
    sends_fractions_as_text: bool = False
    unknown_user: str | None = None
    refused: dict[str, Any]
    all_refused: dict[str, Any]
    any_time: Sequence[dict[str, Any]]
    documented: Sequence[Documented]
    busy: dict[str, Any] = field(default_factory=lambda: {"status": 429})
    partial: dict[str, Any] | None = None
    once: Sequence[str] = ("increase",)
    ways: Sequence[dict[str, Any]] = ({},)
    waits: Sequence[tuple[str, dict[str, str], float]] = ()

    @property
    def name(self) -> str:
        """The connection type, which is also its name in the sandbox."""
        return self.imitation.name

    @abstractmethod
    def key(self, user: int) -> Any:
        """Return a user's key in the sandbox."""

    def names(self, user: int, value: int) -> dict[str, Any]:
        """Return the columns that name a user in a row.

        :param value: the number of the row's value, for a vendor that knows one user under many names.
        """
        return {self.user_column: self.key(user)}

    def key_in(self, row: dict[str, Any]) -> Any:
        """Return the key of a row's user in the sandbox."""
        return row[self.user_column]

    def seeds(self, keys: Iterable[Any]) -> list[Any]:
        """Return users in the form that the sandbox is seeded with."""
        return list(keys)

    @abstractmethod
    def give(self, imitation: Any, values: dict[str, Any]) -> None:
        """Add attributes to all users in the sandbox."""

    def values(self, shown: dict[str, Any], operation: str) -> dict[str, Any]:
        """Return what an operation changes in what the sandbox shows of a user, or of an entry in a user's history."""
        return shown.get("attributes") or {}

    @abstractmethod
    def users_in(self, body: bytes) -> list[Any]:
        """Return the keys of a request's users in the sandbox."""

    def user_in(self, body: bytes) -> Any:
        """Return the first user of a request as it is written there."""
        return self.users_in(body)[0]

    def attributes_in(self, body: bytes) -> dict[str, Any]:
        """Return the attributes of the first user of a request."""
        attributes: dict[str, Any] = json.loads(body, parse_float=Decimal)["attributes"]
        return attributes

    @abstractmethod
    def response(self, accepted: dict[Any, bool]) -> tuple[int, bytes]:
        """Return the status and the body of a response that accepts or refuses each user of a request."""

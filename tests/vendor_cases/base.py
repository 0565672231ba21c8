# SPDX-License-Identifier: Apache-2.0
"""What the contract and the chaos suites must know of a vendor to try it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_userattrs.sandbox.vendor import VendorClass


@dataclass(frozen=True)
class Documented:
    """One answer that a vendor's pages have, and what it must come to.

    :param label: names it among the vendor's.
    :param then: the sandbox's fault that gives it.
    :param status: the status of the row.
    :param code: the code of the reason.
    :param passes: whether the vendor may answer otherwise a moment later, so that the request is tried again.
    """

    label: str
    then: dict[str, Any]
    status: str
    code: str
    passes: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class VendorCase(ABC):
    """Describe a vendor: its operations, its users, its kinds of answers.

    An answer is described by the ``then`` of a fault of the sandbox.

    :param imitation: how the sandbox imitates it.
    :param operations: operation -> its operator, and the parameters besides task_id and users.
    :param user_column: the column that names a user.
    :param has_text_keys: whether any text names a user.
    :param batch: users in a request; where there may be several, an answer has a verdict on each.
    :param ok: the HTTP status of a good answer.
    :param longest_value: characters that a value may have, or None.
    :param unknown_user: the code by which a user is refused whom the vendor does not know, or None if any is taken.
    :param refused: no to a user.
    :param all_refused: no to every user, under the status of a good answer.
    :param any_time: answers of the vendor's own that may come at any time.
    :param documented: every code that the vendor's pages have.
    :param busy: "not now" to a user.
    :param partial: yes to some of a user's attributes, or None.
    :param waits: how the vendor asks to wait, besides the usual headers: what it is called, the headers of a 429, the
        seconds they come to.
    """

    imitation: VendorClass
    operations: dict[str, tuple[type, dict[str, Any]]]
    user_column: str
    has_text_keys: bool = True
    batch: int = 1
    ok: int = 200
    longest_value: int | None = None
    unknown_user: str | None = None
    refused: dict[str, Any]
    all_refused: dict[str, Any]
    any_time: Sequence[dict[str, Any]]
    documented: Sequence[Documented]
    busy: dict[str, Any] = field(default_factory=lambda: {"status": 429})
    partial: dict[str, Any] | None = None
    waits: Sequence[tuple[str, dict[str, str], float]] = ()

    @property
    def name(self) -> str:
        """The connection type, which is its name in the sandbox, too."""
        return self.imitation.name

    @abstractmethod
    def key(self, user: int) -> Any:
        """Name a user as the sandbox does."""

    def names(self, user: int, value: int) -> dict[str, Any]:
        """Give the columns that name a user in a row.

        :param value: the number of the row's value, for a vendor that knows one user under many names.
        """
        return {self.user_column: self.key(user)}

    def key_in(self, row: dict[str, Any]) -> Any:
        """Name the user of a row as the sandbox does."""
        return row[self.user_column]

    def seeds(self, keys: Iterable[Any]) -> list[Any]:
        """Give users as the sandbox takes them in."""
        return list(keys)

    @abstractmethod
    def give(self, imitation: Any, values: dict[str, Any]) -> None:
        """Give all users at the sandbox some attributes."""

    def values(self, shown: dict[str, Any], operation: str) -> dict[str, Any]:
        """Give what an operation changes of what the sandbox shows of a user, or of a change in the user's history."""
        return shown.get("attributes") or {}

    @abstractmethod
    def users_in(self, body: bytes) -> list[Any]:
        """Name the users of a request as the sandbox does."""

    @abstractmethod
    def answer(self, words: dict[Any, bool]) -> tuple[int, bytes]:
        """Write an answer that says yes or no to each user of a request: its status and body."""

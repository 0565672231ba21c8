# SPDX-License-Identifier: Apache-2.0
"""When a vendor refuses every request for one reason: then searching for single bad rows is futile."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.verdict import Verdict

#: If so many batches, and so many rows, are refused one by one with no other response in between, all rows are.
_BATCHES, _ROWS = 2, 200


class Refusals:
    """Counts the rows that are refused one by one, until the vendor responds otherwise.

    :param operation: the operation; where a request holds one user, there is nothing to search.
    """

    def __init__(self, operation: Operation) -> None:
        self._enough = max(_BATCHES * (operation.max_users or 0), _ROWS)
        self._searches = operation.max_users != 1
        self._alike = 0
        self._verdict: Verdict | None = None

    def note_other(self) -> None:
        """Record another response: the vendor accepts requests, and refuses single rows."""
        self._searches = False

    def note_batch(self, rows: int) -> None:
        """Record how many rows a batch has that was refused whole, where only bytes limit it."""
        self._enough = max(self._enough, _BATCHES * rows)

    def note_refused(self, verdict: Verdict, rows: int = 1) -> None:
        """Record that a request was refused whose rows are not searched: it has one, or must not be sent again."""
        if self._verdict is not None and (verdict.code, verdict.meaning) != (self._verdict.code, self._verdict.meaning):
            self._searches = False
        self._verdict = verdict
        self._alike += rows

    @property
    def of_all(self) -> Verdict | None:
        """The verdict that all rows would end with, or None while that is not known."""
        return self._verdict if self._searches and self._alike >= self._enough else None

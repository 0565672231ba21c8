# SPDX-License-Identifier: Apache-2.0
"""When a vendor refuses every request for one reason: then a search for the guilty rows is in vain."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.verdict import Verdict

#: So many batches, and so many rows, each refused alone and with no other answer between, are the word on all rows.
_BATCHES, _ROWS = 2, 200


class Refusals:
    """Count the rows that were refused one by one, for as long as nothing else was heard from the vendor.

    :param operation: the operation; where a request holds one user, there is nothing to search.
    """

    def __init__(self, operation: Operation) -> None:
        self._enough = max(_BATCHES * operation.max_users, _ROWS)
        self._searches = operation.max_users > 1
        self._alike = 0
        self._verdict: Verdict | None = None

    def note_other(self) -> None:
        """Take in that the vendor answered a request otherwise: it takes requests, and refuses rows."""
        self._searches = False

    def note_refused(self, verdict: Verdict) -> None:
        """Take in that a request with one row was refused whole."""
        if self._verdict is not None and (verdict.code, verdict.meaning) != (self._verdict.code, self._verdict.meaning):
            self._searches = False
        self._verdict = verdict
        self._alike += 1

    @property
    def of_all(self) -> Verdict | None:
        """The verdict that all rows would end with, or None while that cannot be told."""
        return self._verdict if self._searches and self._alike >= self._enough else None

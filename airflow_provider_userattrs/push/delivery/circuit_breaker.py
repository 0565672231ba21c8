# SPDX-License-Identifier: Apache-2.0
"""When a vendor is unavailable: the push stops, and a later try of the task resumes it."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.verdict import Action, Verdict

#: The vendor may be unavailable when so many requests in a row failed for a transient cause, one on its last attempt.
_FAILURES = 5

#: It is unavailable when so many batches that were never sent before fail as well: the cause is not in some users.
_PROBES = 3


class CircuitBreaker:
    """Decides from the latest responses whether the push continues.

    :param vendor: the vendor's name.
    """

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._in_a_row = 0
        self._final_failure: Verdict | None = None
        self._probes_failed = 0

    @property
    def is_suspicious(self) -> bool:
        """Return whether the last requests failed, so that further rows should wait."""
        return self._in_a_row >= _FAILURES

    @property
    def wants_probe(self) -> bool:
        """Return whether a batch that was never sent before is needed to show whether the vendor is available."""
        return self._final_failure is not None

    def note_success(self) -> None:
        """Record a request that did not fail for a transient cause."""
        self._in_a_row = 0
        self._final_failure = None
        self._probes_failed = 0

    def note_failure(self, final: Iterable[Verdict], *, fresh: bool) -> None:
        """Record a request that failed for transient causes only.

        :param final: the verdicts that are final, since no attempts are left.
        :param fresh: whether the batch was sent for the first time.
        """
        self._in_a_row += 1
        if self._final_failure is not None:
            self._probes_failed += fresh
        elif self.is_suspicious:
            self._final_failure = next((verdict for verdict in final if verdict.action is Action.RETRY), None)

    def unavailable(self, *, nothing_left: bool = False) -> RetryLater | None:
        """Return the error to stop with, or None.

        :param nothing_left: whether no row is left to probe with.
        """
        if self._final_failure is None or (self._probes_failed < _PROBES and not nothing_left):
            return None
        return RetryLater(
            f"{self._vendor} is unavailable: {self._in_a_row:,} requests in a row failed, the last one with: "
            f"{self._final_failure.in_words}"
        )

# SPDX-License-Identifier: Apache-2.0
"""When a vendor is away: then a push stops, and a later try of the task goes on."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.verdict import Action, Verdict

#: The vendor may be away when so many requests in a row ended with a passing failure, and one is out of tries.
_FAILURES = 5

#: It is away when so many batches that were not sent before fail as well then: some users' trouble is not the vendor's.
_PROBES = 3


class CircuitBreaker:
    """Decides from the latest responses whether to go on.

    :param vendor: the vendor's name.
    """

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._in_a_row = 0
        self._out_of_tries: Verdict | None = None
        self._probes_failed = 0

    @property
    def is_suspicious(self) -> bool:
        """Tell whether the last requests failed, and further rows had better wait."""
        return self._in_a_row >= _FAILURES

    @property
    def wants_probe(self) -> bool:
        """Tell whether only a batch that was not sent before can show that the vendor is there."""
        return self._out_of_tries is not None

    def note_success(self) -> None:
        """Take in that a request ended otherwise than with a passing failure."""
        self._in_a_row = 0
        self._out_of_tries = None
        self._probes_failed = 0

    def note_failure(self, final: Iterable[Verdict], *, fresh: bool) -> None:
        """Take in that a request ended with nothing but passing failures.

        :param final: the verdicts that stand, for they are out of tries.
        :param fresh: whether the batch was sent for the first time.
        """
        self._in_a_row += 1
        if self._out_of_tries is not None:
            self._probes_failed += fresh
        elif self.is_suspicious:
            self._out_of_tries = next((verdict for verdict in final if verdict.action is Action.RETRY), None)

    def away(self, *, nothing_left: bool = False) -> RetryLater | None:
        """Return why to stop, or None.

        :param nothing_left: whether there is no row left to probe with.
        """
        if self._out_of_tries is None or (self._probes_failed < _PROBES and not nothing_left):
            return None
        return RetryLater(
            f"{self._vendor} is away: {self._in_a_row} requests in a row failed, "
            f"at last with: {self._out_of_tries.meaning} ({self._out_of_tries.code})"
        )

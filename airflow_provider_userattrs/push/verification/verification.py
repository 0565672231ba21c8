# SPDX-License-Identifier: Apache-2.0
"""Waits, reads users back, and compares them with what was sent; what is not there yet is looked at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, cast

from airflow_provider_userattrs.push.delivery.rate_limiter import RateLimiter
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.operation import Send
from airflow_provider_userattrs.push.model.read_back import CannotRead, Finding, Held, ReadBack
from airflow_provider_userattrs.push.model.row import UserUpdate

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Verified

#: Seconds after the last row at which users are read; the later times are for those that were not found equal.
READ_AT = (30.0, 120.0, 300.0)


class Verification:
    """Reads users back until all are equal, or for five minutes; it ends at once when it is told to.

    It says what it found and fails nothing: how long a vendor takes to store what it has queued is not documented.

    :param read_back: the vendor's call.
    :param send: sends one request body and returns the response.
    :param clock: the source of time.
    :param wake: ends it when set.
    :param rate: users that may be asked for per second.
    """

    def __init__(self, read_back: ReadBack, send: Send, clock: Clock, wake: Event, rate: float) -> None:
        self._read_back = read_back
        self._send = send
        self._clock = clock
        self._wake = wake
        self._rate_limiter = RateLimiter(rate, clock, wake, per_minute=True)
        self._why: str | None = None
        self._failed: str | None = None

    def run(self, updates: Sequence[UserUpdate]) -> Verified:
        """Return what was found.

        :param updates: what was sent, one update for each user.
        """
        started = self._clock.monotonic()
        found = dict.fromkeys(range(len(updates)), Finding.UNREAD)
        for moment in READ_AT if updates else ():
            self._clock.sleep(max(0.0, started + moment - self._clock.monotonic()), self._wake)
            left = [index for index, finding in found.items() if finding is not Finding.EQUAL]
            size = self._read_back.max_users
            self._failed = None
            for first in range(0, len(left), size):
                if self._why is None and self._rate_limiter.wait(len(left[first : first + size])):
                    self._look(updates, left[first : first + size], found)
            if self._why is not None or self._wake.is_set() or set(found.values()) == {Finding.EQUAL}:
                break
        if self._wake.is_set():
            self._why = self._why or "the task was told to stop"
        counts = Counter(found.values())
        if counts[Finding.UNREAD]:
            self._why = self._why or self._failed or "of some users nothing came back that could be compared"
        verified = {finding.value: counts[finding] for finding in Finding}
        return cast("Verified", {"sampled": len(updates), **verified, "why": self._why})

    def _look(self, updates: Sequence[UserUpdate], indexes: Sequence[int], found: dict[int, Finding]) -> None:
        answer = "none"
        try:
            response = self._send(self._read_back.encode([updates[index] for index in indexes]))
            answer = f"HTTP status {response.status}"
            held: Held = self._read_back.read(response)
        except CannotRead as refused:
            self._why = str(refused)
            return
        except Exception:  # no connection, or a response that says nothing: the next time may be better
            self._failed = f"some requests got no response that could be read; the last one got {answer}"
            return
        for index in indexes:
            update = updates[index]
            if update.user in held:
                found[index] = self._finding(update, held[update.user])

    def _finding(self, update: UserUpdate, attributes: object) -> Finding:
        if attributes is None:
            return Finding.UNKNOWN_USER
        return self._read_back.compare(update, cast("dict[str, object]", attributes))

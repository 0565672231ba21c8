# SPDX-License-Identifier: Apache-2.0
"""Reads back a sample of the accepted users at the end of a push, while the task may still be told to stop."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.push import Push
from airflow_provider_userattrs.push.report.sentences import users
from airflow_provider_userattrs.push.verification.sample import Sample
from airflow_provider_userattrs.push.verification.verification import Verification
from airflow_provider_userattrs.task.spec import PushSpec


class Verifier:
    """Takes the sample while rows are pushed, and reads it back.

    :param spec: what is to be pushed and how.
    """

    def __init__(self, spec: PushSpec) -> None:
        self.sample = Sample(spec.verify)
        self._shards = spec.shard.at_once if spec.shard else 1
        self._log = spec.log
        self._wake = Event()

    def stopping(self, interrupt: Callable[[Exception], None]) -> Callable[[Exception], None]:
        """Return what interrupts a push, and this too.

        :param interrupt: interrupts the push.
        """

        def interrupt_both(why: Exception) -> None:
            interrupt(why)
            self._wake.set()

        return interrupt_both

    def verify(self, push: Push, hook: VendorHook) -> None:
        """Read the sample back and note in the push's account what was found.

        :param push: a push whose rows all have their verdicts.
        :param hook: the vendor's.
        """
        read_back, updates = push.plan.operation.read_back, self.sample.updates
        if read_back is None or push.account.book.counts().counts[Status.UNSENT]:  # then a retry is due first
            return
        push.settle()
        if updates:
            self._log.info("verify: the push is over; reading %s back takes some minutes", users(len(updates)))
        rate = read_back.max_rate / self._shards
        verification = Verification(read_back, hook.reader(read_back), push.plan.clock, self._wake, rate)
        push.account.verified = verification.run(updates)

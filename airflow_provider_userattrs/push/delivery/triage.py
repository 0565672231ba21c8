# SPDX-License-Identifier: Apache-2.0
"""What becomes of a batch that was sent.

===========  ===========================================================================================
action       what happens
===========  ===========================================================================================
``KEEP``     the update is finished
``RETRY``    the update is sent again if that is safe and attempts are left; else it is finished
``SPLIT``    for all: the halves of the batch are sent if that is safe; a batch of one is finished
``STOP``     the update is finished, and the push stops
===========  ===========================================================================================

The push also stops if the vendor refuses all rows alike, or is unavailable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.circuit_breaker import CircuitBreaker
from airflow_provider_userattrs.push.delivery.classify import worse
from airflow_provider_userattrs.push.delivery.refusals import Refusals
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import NOT_TRIED

#: Maximum attempts for a request that fails for a transient cause.
ATTEMPTS = 5


class Decision(NamedTuple):
    """What becomes of a batch.

    :param updates: the finished updates.
    :param verdicts: one for each of them.
    :param repeat: the updates to send again, as a batch.
    :param halves: what to send in place of the batch.
    :param stop: the error with which the push stops, or None.
    """

    updates: Sequence[UserUpdate] = ()
    verdicts: Sequence[Verdict] = ()
    repeat: Batch | None = None
    halves: tuple[Batch, ...] = ()
    stop: Exception | None = None


class Triage:
    """Decides what becomes of each batch, by its verdicts and earlier ones.

    :param operation: the operation.
    """

    def __init__(self, operation: Operation) -> None:
        self.circuit_breaker = CircuitBreaker(operation.vendor)
        self._operation = operation
        self._refusals = Refusals(operation)

    def note_accepted(self) -> None:
        """Record that a batch was accepted as a whole."""
        self.circuit_breaker.note_success()
        self._refusals.note_other()

    def decide(self, batch: Batch, verdicts: Sequence[Verdict], *, is_stopping: bool) -> Decision:
        """Return what becomes of a batch; `note_accepted` is enough if it was accepted as a whole.

        :param batch: the batch.
        :param verdicts: one for each of its updates.
        :param is_stopping: whether the push is already stopping; then nothing is sent again.
        """
        actions = {verdict.action for verdict in verdicts}
        stop: Exception | None = None
        if Action.STOP in actions:
            stop = self._refusal(next(verdict for verdict in verdicts if verdict.action is Action.STOP))
        if actions == {Action.SPLIT}:
            self._refusals.note_batch(len(batch))
            if len(batch) > 1 and self._may_repeat(verdicts[0]):
                return Decision(halves=batch.halves(verdicts[0]))
            self._refusals.note_refused(verdicts[0], len(batch))
            stop = self._refusal(self._refusals.of_all) if self._refusals.of_all else None
        elif actions != {Action.RETRY}:
            self._refusals.note_other()
        if batch.verdicts:
            verdicts = [worse(*pair) for pair in zip(batch.verdicts, verdicts, strict=True)]
        repeated = [] if is_stopping or stop is not None else self._repeated(batch, verdicts)
        final = sorted(set(range(len(batch))).difference(repeated))
        finished = [verdicts[index] for index in final]
        return Decision(
            [batch.updates[index] for index in final],
            finished,
            repeat=_next_attempt(batch, repeated, verdicts) if repeated else None,
            stop=stop or self._unavailable(actions, finished, batch),
        )

    def untried(self, batch: Batch) -> Sequence[Verdict]:
        """Return the verdicts on a batch that will not be sent again."""
        # A half of a refused request was not sent by itself; if all rows are refused alike, it need not be.
        verdict = (self._refusals.of_all and batch.refused) or NOT_TRIED
        return batch.verdicts or [verdict] * len(batch)

    def _repeated(self, batch: Batch, verdicts: Sequence[Verdict]) -> list[int]:
        if batch.attempt + 1 >= ATTEMPTS:
            return []
        return [
            index
            for index, verdict in enumerate(verdicts)
            if verdict.action is Action.RETRY and self._may_repeat(verdict)
        ]

    def _may_repeat(self, verdict: Verdict) -> bool:
        return self._operation.idempotent or verdict.status is not Status.UNKNOWN

    def _unavailable(self, actions: set[Action], finished: Sequence[Verdict], batch: Batch) -> RetryLater | None:
        if actions != {Action.RETRY}:
            self.circuit_breaker.note_success()
            return None
        self.circuit_breaker.note_failure(finished, fresh=batch.attempt == 0)
        return self.circuit_breaker.unavailable()

    def _refusal(self, verdict: Verdict) -> RefusedConfiguration:
        return RefusedConfiguration(
            f"{self._operation.vendor} refuses the push: {verdict.meaning} ({verdict.code}). {verdict.remedy}"
        )


def _next_attempt(batch: Batch, indexes: list[int], verdicts: Sequence[Verdict]) -> Batch:
    repeat = batch.pick(indexes)
    repeat.attempt += 1
    repeat.verdicts = [verdicts[index] for index in indexes]
    return repeat

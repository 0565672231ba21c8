# SPDX-License-Identifier: Apache-2.0
"""The entry point of the engine: a plan, the rows and a function that sends a request; it returns the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.push.changes.removal import Removal
from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.delivery.known_users import KnownUsers, RememberedUsers
from airflow_provider_userattrs.push.delivery.lookups import Lookups
from airflow_provider_userattrs.push.model.errors import DuplicateUsers, NoneFit, UnexpectedRows, in_words
from airflow_provider_userattrs.push.model.operation import Encode, Operation, Response, Send
from airflow_provider_userattrs.push.model.phrases import shortened
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN, FILTERED
from airflow_provider_userattrs.push.pipeline import pipeline
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.recording import checkpointing, one_for_all, recording
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.changes import warning_on_removed
from airflow_provider_userattrs.push.report.lookups import LookupTraffic
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.report.sampled_requests import SampledRequests
from airflow_provider_userattrs.push.report.sentences import sentence_on_limit, stop_point
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import PushReport

_MAX_FAILURE_LENGTH = 1_000  # characters of why a push failed


class Push:
    """Pushes rows to a vendor and reports what became of each.

    `run` is all that most callers need. One who has to do something between the last row and the report calls
    `deliver` and then `close`.

    :param plan: how it is to be done.
    """

    def __init__(self, plan: PushPlan) -> None:
        self.plan = plan
        #: The error with which the push failed; None if it succeeded or has not ended.
        self.error: BaseException | None = None
        #: The report, once the push has ended.
        self.report: Report | None = None
        checkpoint = self._checkpoint = plan.checkpoint or Checkpoint()
        self.account = Account(
            plan.operation,
            plan.details,
            book=checkpoint.open_book(idempotent=plan.operation.idempotent),
            notes=None if plan.mapper is None else plan.mapper.notes,
            tries=checkpoint.tries or (0,),
            earlier=checkpoint.facts,
            limit=plan.limit,
            dry_run=plan.dry_run,
            sample=plan.sample if plan.dry_run else None,
            comparison=plan.comparison,
            lookups=None if plan.operation.lookup is None else LookupTraffic(),
            clock=plan.clock,
            started=plan.started,
        )
        self._checkpointer = None if plan.store is None else checkpointing(plan, plan.store, checkpoint, self.account)
        self._known_users: KnownUsers | None = plan.known_users
        if plan.operation.lookup is not None and self._known_users is None:
            self._known_users = RememberedUsers()
        #: What delivers now, and what reads the rows.
        self._delivery: Delivery | None = None
        self._reading: Delivery | None = None
        self._interruption: Exception | None = None

    def run(self, rows: Iterable[Any], send: Send | None = None, look_up: Send | None = None) -> PushReport:
        """Push the rows and return the report; afterwards `error` says whether the push failed.

        :param rows: the rows, and what a source yields between them.
        :param send: sends one request body; None in a dry run.
        :param look_up: sends one request body that looks up ids, where the operation has such requests.
        """
        try:
            stopped = self.deliver(rows, send, look_up)
        except BaseException as error:
            self.close(error)
            raise
        return self.close(stopped)

    def deliver(self, rows: Iterable[Any], send: Send | None = None, look_up: Send | None = None) -> Exception | None:
        """Push the rows; return why the push stopped before its end, or None."""
        plan, checkpointer = self.plan, self._checkpointer
        operation, rate = plan.operation, plan.rate or plan.operation.max_rate
        if plan.dry_run:
            # In batches as they would be, and without waiting.
            operation, send, rate = replace(operation.within(rate), read=_read_dry), _send_nothing, None
        elif send is None:
            raise ValueError("send is missing; only a dry run needs none")
        stopping = Event()
        lookups = self._lookups(stopping)
        deliver = partial(
            Delivery,
            send=send,
            rate=rate,
            concurrency=plan.concurrency,
            clock=plan.clock,
            abort=plan.abort,
            stopping=stopping,
        )
        announce: Callable[[Batch], None] | None = None
        if plan.sample is not None and plan.dry_run:
            announce = partial(_note_request, plan.sample, operation)
        elif checkpointer is not None and not operation.idempotent:
            announce = checkpointer.announce
        delivery = self._reading = deliver(
            operation,
            record=recording(plan, self.account, checkpointer, self._known_users),
            announce=announce,
            traffic=self.account.traffic,
            lookups=lookups,
            look_up=look_up,
        )
        self._begin(delivery)
        chunks = pipeline(
            rows,
            plan,
            self._checkpoint,
            checkpointer,
            lookups,
            stopping=stopping,
            is_new=not self.account.book.rows,
            is_interrupted=lambda: self._interruption is not None,
        )
        stopped = delivery.run(chunks)
        if stopped is None and plan.comparison is not None and plan.comparison.removal is not None:
            stopping.clear()  # it is set when a delivery ends
            deliver = partial(deliver, rate_limiter=delivery.rate_limiter)
            return self._unset(plan.comparison.removal, deliver)
        return stopped

    def _unset(self, removal: Removal, deliver: Callable[..., Delivery]) -> Exception | None:
        """Unset the users who left the query; return why the push was interrupted, or None.

        :param removal: knows who they are.
        :param deliver: makes a delivery.
        """
        plan, report, checkpoint = self.plan, self.account.report(), self._checkpoint
        failed = report.conclude(None, plan.max_failed, plan.on_empty, self._failed_before) is not None
        is_whole = not checkpoint.below
        rows = report.rows - report.count(FILTERED)
        is_limited = plan.limit is not None
        if not removal.find(is_whole=is_whole, is_limited=is_limited, rows=rows, has_failed=failed) or plan.dry_run:
            return None
        operation = replace(plan.operation, encode=cast("Encode", plan.operation.encode_unset), encode_all=None)
        learn = partial(removal.record, gone=operation.gone_codes)
        delivery: Delivery = deliver(operation, record=one_for_all(learn, plan.on_removed))
        self._begin(delivery)
        stopped = delivery.run([update] for update in removal.updates())
        self.account.traffic.add(delivery.traffic)
        removal.finish(None if stopped is None else in_words(stopped))
        return stopped if self._interruption is not None else None

    def _begin(self, delivery: Delivery) -> None:
        """Have a delivery interrupted if the push is."""
        self._delivery = delivery
        if self._interruption is not None:
            delivery.interrupt(self._interruption)

    def settle(self) -> None:
        """Store the checkpoint once every row has its verdict, if something else comes before `close`."""
        self.account.stop_time()
        if self._checkpointer is not None:
            self._checkpointer.close(complete=False)

    def interrupt(self, why: Exception) -> None:
        """Ask the push to stop within seconds, without reading the source to its end.

        It takes no lock, so that a signal's handler may call it in the very thread of `run`.

        :param why: the error that the push then ends with.
        """
        self._interruption = why
        if self._delivery is not None:
            self._delivery.interrupt(why)

    def close(
        self,
        stopped: BaseException | None = None,
        explain: Callable[[BaseException], str] = in_words,
        remark: str | None = None,
    ) -> PushReport:
        """Store or delete the checkpoint, and return the report.

        :param stopped: why the push stopped before its end, or None.
        :param explain: returns why the push failed, as a sentence.
        :param remark: a clause on columns that none of the rows had, or None.
        """
        self.account.note_time()
        report = self.report = self.account.report()
        if not self.account.tries[-1]:  # rows that an earlier try read may have had these columns
            report.missing_columns = remark
        if self.plan.dry_run:
            report.unexpected_rows = self.plan.details.unexpected_rows
        if stopped is not None:
            has_begun = self._delivery is not None or self.plan.checkpoint is not None
            at = None if isinstance(stopped, DuplicateUsers) else self._stopped_at  # all rows were read
            if isinstance(stopped, UnexpectedRows):
                report.refuse(stopped.rows)
            else:
                report.stop(at, self.plan.details.of if has_begun else None)
        limit = self.account.limit
        is_limited = stopped is None and limit is not None and limit["reached"]
        is_whole = stopped is None and not is_limited
        if limit is not None and is_limited:
            report.warning_on_limit = sentence_on_limit(report.rows, limit)
        comparison = self.plan.comparison
        again = 0 if comparison is None else comparison.failed_again
        if comparison is not None:
            changes = comparison.as_dict()
            report.warning_on_removed = warning_on_removed(changes, dry_run=self.plan.dry_run)
        self.error = report.conclude(stopped, self.plan.max_failed, self.plan.on_empty, self._failed_before, again)
        if comparison is not None:
            if is_limited:
                comparison.leave_rest()
            comparison.close(complete=is_whole)
        if self._known_users is not None:
            self._known_users.close(complete=is_whole)
        if self._checkpointer is not None:
            refused = isinstance(stopped, (NoneFit, DuplicateUsers, UnexpectedRows))
            if refused and not self.account.facts()["requests"]:  # the next try begins at the first row
                self._checkpointer.discard()
            else:
                self._checkpointer.close(complete=stopped is None and not report.counts[Status.UNSENT])
        failure = None if self.error is None else _failure(explain(self.error), stop_point(report))
        return self.account.as_dict(report, failure)

    @property
    def _stopped_at(self) -> int | None:
        """Return the position of the first row that was not read; None if all were."""
        if self._reading is None:
            return 0
        at = self._reading.stopped_at
        return None if at is None else max(at, self.account.tries[-1])

    @property
    def _failed_before(self) -> int:
        """Count the rows that failed and are known to fail since an earlier push."""
        return 0 if self.plan.comparison is None else self.plan.comparison.failed_before

    def _lookups(self, stopping: Event) -> Lookups | None:
        plan = self.plan
        if plan.operation.lookup is None or self._known_users is None:
            return None
        return Lookups(
            plan.operation.lookup,
            known=self._known_users,
            traffic=self.account.lookups,
            stopping=stopping,
            asks=not plan.dry_run,
        )


def _note_request(sample: SampledRequests, operation: Operation, batch: Batch) -> None:
    sample.note(batch.updates, operation)


def _failure(why: str, stop_point: str | None) -> str:
    why = shortened(why, _MAX_FAILURE_LENGTH)
    return f"{why.rstrip('.')}; {stop_point}" if stop_point else why


def _read_dry(_: Response, users: Sequence[Any]) -> list[Verdict]:
    return [DRY_RUN] * len(users)


def _send_nothing(body: bytes, *, before_send: object = None) -> Response:
    return Response(0, {}, b"")

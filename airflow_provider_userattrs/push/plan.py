# SPDX-License-Identifier: Apache-2.0
"""What is decided about a push before its first row is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.delivery.intake import Record
from airflow_provider_userattrs.push.delivery.known_users import KnownUsers
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict
from airflow_provider_userattrs.push.model.verdicts import IN_DOUBT
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.report.sampled_requests import SampledRequests
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Store


class Rejects(Protocol):
    """Stores the rows that were not accepted."""

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Store rows."""

    def settle(self, *, now: bool) -> bool:
        """Save what was written; return whether it is saved.

        :param now: whether it must be saved now; otherwise it may be postponed where it is expensive.
        """


@dataclass(frozen=True)
class PushPlan:
    """How a push is done.

    :param operation: what is done, and the vendor's limits.
    :param mapper: makes an update of each row; None if the rows are updates already.
    :param rate: the cap per second in the operation's unit; None for the documented one.
    :param concurrency: requests in flight at most.
    :param dry_run: do everything but send.
    :param sample: keeps the first requests of a dry run; None to keep none.
    :param max_failed: how many rows (int) or what share of them (float) may fail; None for any but all.
    :param on_empty: what a push without a single row is: a success with a warning, a failure, or a success.
    :param limit: how many rows are read, from the first on; None for all.
    :param duplicates: ``"all"``, ``"last"`` or ``"error"``: what becomes of users who stand twice; see `Duplicates`.
    :param store: stores the checkpoint from which a later try resumes; None to store none.
    :param checkpoint: where this try begins; None for the first row.
    :param rejects: stores the rows that were not accepted; its caller closes it.
    :param known_users: remembers users that were looked up by another id; None to do so in memory, for a while.
    :param comparison: holds back what the vendor is known to hold; None to send all.
    :param in_doubt: the verdict on a row that an earlier try may have sent, where it must not be sent twice.
    :param details: what the report says besides what became of the rows.
    :param abort: aborts the requests in flight, when an interrupted push is out of time.
    :param on_verdicts: each is called with rows and their final verdicts, as they come.
    :param on_removed: called with users who left the query and the final verdicts on their removal, as they come.
    :param on_progress: called with the account while the push runs, at most every 0.25 s.
    :param on_checkpoint_failure: called with the error when the checkpoint cannot be written, once.
    :param started: when the try began, by the clock; None for when the `Push` is made.
    :param clock: the source of time.
    """

    operation: Operation
    mapper: Mapper | None = None
    rate: float | None = None
    concurrency: int = 16
    dry_run: bool = False
    sample: SampledRequests | None = None
    max_failed: int | float | None = None
    on_empty: str = "ok"
    limit: int | None = None
    duplicates: str = "all"
    store: Store | None = None
    checkpoint: Checkpoint | None = None
    rejects: Rejects | None = None
    known_users: KnownUsers | None = None
    comparison: Comparison | None = None
    in_doubt: Verdict = IN_DOUBT
    details: Details = field(default_factory=Details)
    abort: Callable[[], None] | None = None
    on_verdicts: Sequence[Record] = ()
    on_removed: Record | None = None
    on_progress: Callable[[Account], None] | None = None
    on_checkpoint_failure: Callable[[Exception], None] | None = None
    started: float | None = None
    clock: Clock = field(default_factory=Clock)

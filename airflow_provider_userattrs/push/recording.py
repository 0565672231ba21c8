# SPDX-License-Identifier: Apache-2.0
"""Who learns of the verdicts while a push runs, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_userattrs.push.delivery.intake import Record
from airflow_provider_userattrs.push.delivery.known_users import KnownUsers, forgetting
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.recorder import Recorder
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Store
from airflow_provider_userattrs.push.resume.checkpointer import Checkpointer


def recording(
    plan: PushPlan, account: Account, checkpointer: Checkpointer | None, known_users: KnownUsers | None
) -> Record:
    """Return what is called with finished rows and their verdicts.

    :param plan: names those who learn of them.
    :param account: counts them.
    :param checkpointer: notes how far the push is; None if nothing is kept for a later try.
    :param known_users: remembers the users that were looked up; None if none is.
    """
    comparison = plan.comparison

    def progress() -> None:
        account.note_time()
        if plan.on_progress is not None:
            plan.on_progress(account)
        if comparison is not None:
            comparison.journal.write_verdicts_if_due()
        if checkpointer is not None:
            checkpointer.save_if_due()

    reject = None if plan.rejects is None else plan.rejects.write
    record = Recorder(account.book, progress=progress, reject=reject, clock=plan.clock).record
    # The comparison first: what a checkpoint passes over must be known.
    learn = None if comparison is None else comparison.record
    forget = None if known_users is None else forgetting(known_users, plan.operation.gone_codes)
    return one_for_all(learn, record, forget, *plan.on_verdicts)


def checkpointing(plan: PushPlan, store: Store, checkpoint: Checkpoint, account: Account) -> Checkpointer:
    """Return what writes the checkpoint, each time after all that must be written before it.

    :param plan: names what that is.
    :param store: keeps the checkpoint.
    :param checkpoint: where the try begins.
    :param account: counts the rows.
    """

    def settle(*, now: bool = False) -> bool:
        if plan.comparison is not None:
            plan.comparison.journal.write_verdicts()
        return plan.rejects is None or plan.rejects.settle(now=now)

    return Checkpointer(
        store,
        checkpoint,
        account,
        idempotent=plan.operation.idempotent,
        clock=plan.clock,
        settle=settle,
        on_failure=plan.on_checkpoint_failure,
    )


def one_for_all(*listeners: Record | None) -> Record:
    """Return what calls each listener in turn."""
    told = [each for each in listeners if each is not None]
    if len(told) == 1:
        return told[0]

    def record(rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        for listener in told:
            listener(rows, verdicts)

    return record

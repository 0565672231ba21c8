# SPDX-License-Identifier: Apache-2.0
"""What rows go through between their source and their delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event
from typing import Any

from airflow_provider_userattrs.push.delivery.lookups import Lookups, gathered
from airflow_provider_userattrs.push.duplicates import Duplicates
from airflow_provider_userattrs.push.first_rows import check_first_rows
from airflow_provider_userattrs.push.limit import Limit
from airflow_provider_userattrs.push.model.chunk import MAX_ROWS
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.checkpointer import Checkpointer
from airflow_provider_userattrs.push.resume.pending import pending, withhold


def pipeline(
    rows: Iterable[Any],
    plan: PushPlan,
    checkpoint: Checkpoint,
    checkpointer: Checkpointer | None,
    lookups: Lookups | None,
    *,
    stopping: Event,
    is_new: bool,
    is_interrupted: Callable[[], bool],
) -> Iterator[Sequence[UserUpdate | Outcome]]:
    """Yield the rows of a try in their order, as updates, or as outcomes where there is nothing to send.

    :param rows: the source's rows and chunks, and what it yields between them.
    :param plan: how they are to be pushed.
    :param checkpoint: where the try begins.
    :param checkpointer: learns how far the source is read; None if nothing is kept for a later try.
    :param lookups: finds the users of rows that name them by another id; None if none does.
    :param stopping: set once nothing more is sent.
    :param is_new: whether no row has its verdict yet.
    :param is_interrupted: returns whether to stop reading.
    """
    if plan.limit is not None:
        rows = Limit(plan.limit, checkpoint.passed).first(rows)
    chunks = pending(rows, checkpoint, checkpointer, plan.mapper)
    if checkpointer is not None and not plan.operation.idempotent and checkpoint.has_doubt:
        chunks = withhold(chunks, checkpointer, plan.in_doubt)
    if is_new and not checkpoint.has_doubt:
        chunks = check_first_rows(chunks, plan.operation.vendor)
    if plan.duplicates != "all":
        user_of = _nobody if plan.mapper is None else plan.mapper.user_of
        chunks = Duplicates(plan.duplicates, user_of, is_interrupted).select(chunks)
    if lookups is not None:
        chunks = lookups.resolve(gathered(chunks, plan.clock, lookups.operation.max_users or MAX_ROWS))
    if plan.comparison is not None:
        chunks = plan.comparison.select(chunks, stopping)
    return chunks


def _nobody(_: Any) -> None:
    return None

# SPDX-License-Identifier: Apache-2.0
"""Stops a push before it sends anything if its first rows are all invalid for one reason: then a column is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from airflow_provider_userattrs.push.model.errors import NoneFit
from airflow_provider_userattrs.push.model.phrases import counted, listed
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status
from airflow_provider_userattrs.push.report.counts import Counts

#: The push stops if so many rows, from the first on, are all invalid for one reason.
PATIENCE = 1_000

#: Reasons that the error gives.
_MAX_FAULTS = 5


def check_first_rows(
    chunks: Iterator[Sequence[UserUpdate | Outcome]], vendor: str
) -> Iterator[Sequence[UserUpdate | Outcome]]:
    """Yield updates and outcomes as they come, unless the first 1,000 are all invalid for one reason.

    :param chunks: the rows in their order, as updates, or as outcomes where there is nothing to send.
    :param vendor: the vendor's name, for the error.
    :raises NoneFit: if they are; the message names all columns at fault.
    """
    return chain(_first_rows(chunks, vendor), chunks)


def _first_rows(
    chunks: Iterator[Sequence[UserUpdate | Outcome]], vendor: str
) -> Iterator[Sequence[UserUpdate | Outcome]]:
    counts = Counts()
    for chunk in chunks:
        first, rest = chunk[: PATIENCE - counts.rows], chunk[PATIENCE - counts.rows :]
        yield first
        if not all(_shares_reason(update, counts) for update in first):
            yield rest
            return
        if counts.rows == PATIENCE:
            raise NoneFit(f"None of the first {PATIENCE:,} users can be sent to {vendor}: {_message(counts)}")


def _shares_reason(update: UserUpdate | Outcome, counts: Counts) -> bool:
    """Return whether a row is invalid for the reason of all rows before it, and count it."""
    if not isinstance(update, Outcome) or update.verdict.status is not Status.INVALID:
        return False
    counts.add(update.position, update.verdict)
    return counts.count(update.verdict) == counts.rows


def _message(counts: Counts) -> str:
    reasons = counts.ranked(PATIENCE)
    faults = [
        f"{reason.verdict.meaning} on {listed(list(reason.attributes))}"
        if reason.attributes
        else reason.verdict.meaning
        for reason in reasons[:_MAX_FAULTS]
    ]
    if len(reasons) > _MAX_FAULTS:
        faults.append(f"and {counted(len(reasons) - _MAX_FAULTS, 'more reason')}")
    return f"{'; '.join(faults)} ({reasons[0].verdict.remedy.rstrip('.')})"

# SPDX-License-Identifier: Apache-2.0
"""From the result of a request to one verdict for each of its updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation, Response
from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import BROKEN, NO_CONNECTION, NO_RESPONSE, NOT_TRIED, UNREADABLE

#: Error raised in place of a response -> the verdict on every update of the request; else `BROKEN`.
_RAISED: tuple[tuple[type[Exception], Verdict], ...] = (
    (NoResponse, NO_RESPONSE),
    (RefusedConfiguration, NOT_TRIED),
)


def classify(operation: Operation, result: Response | Exception, users: Sequence[Any]) -> list[Verdict]:
    """Return one verdict for each user of a request.

    :param operation: the operation.
    :param result: the response, or the error raised in its place.
    :param users: the users, as the request named them.
    """
    if isinstance(result, Response):
        try:
            verdicts = operation.read(result, users)
        except Exception:  # a response unlike any in the vendor's pages
            verdicts = []
        return verdicts if len(verdicts) == len(users) else [UNREADABLE] * len(users)
    if isinstance(result, NotSent):
        return [no_connection(result)] * len(users)
    return [next((verdict for kind, verdict in _RAISED if isinstance(result, kind)), BROKEN)] * len(users)


def no_connection(error: NotSent) -> Verdict:
    """Return the verdict on updates that could not be sent, with the cause in its meaning."""
    meaning = f"{NO_CONNECTION.meaning} ({error.cause})" if error.cause else NO_CONNECTION.meaning
    return replace(NO_CONNECTION, meaning=meaning)


def worse(before: Verdict, now: Verdict) -> Verdict:
    """Return the verdict on an update after two attempts: if the first may have been applied, it stays in doubt.

    A vendor's own verdict on the second ends the doubt: a refusal would have met the first attempt as well.
    """
    if before.status is not Status.UNKNOWN or now.status is not Status.UNSENT:
        return now
    if before.action is Action.SPLIT and now.action is Action.STOP:  # a half that a later try may send
        return before
    return replace(before, action=now.action)

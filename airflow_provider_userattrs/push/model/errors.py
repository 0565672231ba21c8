# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a push, named by what the caller does next.

::

    PushError
    ├── RetryLater              the cause is passing: let Airflow's retry go on with the push
    ├── RefusedConfiguration    credentials or configuration: mend them, a retry would not help
    ├── TooManyFailed           data: mend the rows, a retry would not help
    │   └── NoneFit             the first rows are all unfit for one reason: nothing was sent
    ├── NotSent                 one request: nothing left this machine
    └── NoAnswer                one request: it may have arrived, and no readable answer came back

    InvalidRow                  one row cannot be sent: carries its verdict, never leaves the push
    SourceInterrupted           raised into a source that is to be left, never leaves the push
"""

from __future__ import annotations

from airflow_provider_userattrs.push.model.verdict import Verdict


class PushError(Exception):
    """Be the base of everything a push raises by itself."""


class RetryLater(PushError):
    """Say that the vendor is away, or that rows are left unsent; a later try goes on.

    :param message: what happened, without any row's data.
    :param retry_after: seconds the vendor asked to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RefusedConfiguration(PushError):
    """Say that the vendor refuses the credentials or the configuration, or that they cannot work."""


class TooManyFailed(PushError):
    """Say that more rows failed than the author allows, or that none was accepted."""


class NoneFit(TooManyFailed):
    """Say that none of the first rows could be sent, all for one reason; nothing was sent."""


class NotSent(PushError):
    """Say that a request was not sent: no connection could be had.

    :param message: what happened, without any row's data.
    :param cause: why, in a few words of which there are few; empty if it is not known.
    """

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


class NoAnswer(PushError):
    """Say that a request may have arrived, and that no readable answer came back."""


class InvalidRow(Exception):
    """Carry the verdict on a row that cannot be sent."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.meaning)
        self.verdict = verdict


class SourceInterrupted(BaseException):
    """Leave the source at once; no Exception, so that no source takes it for a failure of its own."""


def in_words(error: BaseException) -> str:
    """Return why a push fails; an error that is not its own may hold anything, and only its type is named."""
    return str(error) if isinstance(error, PushError) else f"{type(error).__name__}: the log says more"

# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a push, by what the caller does next.

::

    PushError
    ├── RetryLater              the cause is transient: a retry of the task resumes the push
    ├── RefusedConfiguration    credentials or configuration: fix them, a retry would not help
    ├── TooManyFailed           data: fix the rows, a retry would not help
    │   ├── NoneFit             the first rows are all invalid for one reason: nothing was sent
    │   └── DuplicateUsers      a user stands twice, and duplicates="error": none of these rows was sent
    ├── NoRows                  there were no rows, and on_empty="fail"
    ├── UnexpectedRows          the source has too few or too many rows: nothing was sent
    ├── NotSent                 one request: nothing was sent
    └── NoResponse              one request: it may have arrived, and no readable response came back

    InvalidRow                  one row cannot be sent: carries its verdict; never raised to the caller
    SourceInterrupted           raised into a source to stop reading it; never raised to the caller
"""

from __future__ import annotations

from airflow_provider_userattrs.push.model.verdict import Verdict


class PushError(Exception):
    """Base class of push errors."""


class RetryLater(PushError):
    """The vendor is unavailable, or rows are left unsent; a later try resumes the push.

    :param message: what happened, without any row's data.
    :param retry_after: seconds the vendor asked to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RefusedConfiguration(PushError):
    """The vendor refuses the credentials or the configuration, or they cannot work."""


class TooManyFailed(PushError):
    """More rows failed than ``max_failed`` allows, or none was accepted."""


class NoneFit(TooManyFailed):
    """None of the first rows could be sent, all for one reason; nothing was sent."""


class DuplicateUsers(TooManyFailed):
    """A user stands twice among the rows, and ``duplicates="error"``; none of them was sent."""


class NoRows(PushError):
    """There were no rows, and ``on_empty="fail"``."""


class UnexpectedRows(PushError):
    """The source has more or fewer rows than ``expect_rows`` or ``max_change`` allows; nothing was sent.

    :param message: what is wrong, with both numbers.
    :param rows: how many rows it has.
    """

    def __init__(self, message: str, rows: int) -> None:
        super().__init__(message)
        self.rows = rows


class NotSent(PushError):
    """A request was not sent: no connection could be opened.

    :param message: what happened, without any row's data.
    :param cause: a short description of the cause, one of a few; empty if unknown.
    """

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


class NoResponse(PushError):
    """A request may have arrived, and no readable response came back."""


class InvalidRow(Exception):
    """A row cannot be sent.

    :param verdict: the verdict on the row.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.meaning)
        self.verdict = verdict


class SourceInterrupted(BaseException):
    """The source must stop at once; not an Exception, so that no source handles it as an error of its own."""


def in_words(error: BaseException) -> str:
    """Return why a push fails; an error that is not its own may hold anything, and only its type is named."""
    return str(error) if isinstance(error, PushError) else f"{type(error).__name__}: the log says more"

# SPDX-License-Identifier: Apache-2.0
"""What a task raises holds nothing that it does not show."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.task.failure import to_raise


def test_what_an_error_hides_it_does_not_hold() -> None:
    """A tracker of errors may look at a suppressed context, where a driver's message may hold a row."""

    def read() -> None:
        try:
            raise ValueError("ada@example.com")
        except ValueError:
            raise RetryLater("the database is away") from None

    with pytest.raises(RetryLater) as hidden:
        read()
    assert hidden.value.__context__ is not None
    raised = to_raise(hidden.value, "the database is away")
    assert raised is hidden.value
    assert raised.__context__ is None


def test_what_an_error_shows_it_keeps() -> None:
    def write() -> None:
        try:
            raise OSError("no space left")
        except OSError as error:
            raise RetryLater("the file cannot be written") from error

    with pytest.raises(RetryLater) as shown:
        write()
    assert isinstance(to_raise(shown.value, "the file cannot be written").__cause__, OSError)

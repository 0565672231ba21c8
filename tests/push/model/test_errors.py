# SPDX-License-Identifier: Apache-2.0
"""The exceptions: which is which, and that none shows a row."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.model import errors
from airflow_provider_userattrs.push.model.verdict import Status, Verdict


@pytest.mark.parametrize("name", ["RetryLater", "RefusedConfiguration", "TooManyFailed", "NotSent", "NoResponse"])
def test_what_a_push_raises_is_a_push_error(name: str) -> None:
    assert issubclass(getattr(errors, name), errors.PushError)


def test_retry_later_says_how_much_later() -> None:
    assert errors.RetryLater("away").retry_after is None
    error = errors.RetryLater("away", 30.0)
    assert (str(error), error.retry_after) == ("away", 30.0)


def test_an_invalid_row_never_leaves_the_push() -> None:
    assert not issubclass(errors.InvalidRow, errors.PushError)


def test_an_invalid_row_shows_the_rule_alone() -> None:
    verdict = Verdict(Status.INVALID, "rule", "breaks a rule", "Mend it.", attribute="x", detail="secret")
    error = errors.InvalidRow(verdict)
    assert error.verdict is verdict
    assert str(error) == "breaks a rule"
    assert "secret" not in repr(error)

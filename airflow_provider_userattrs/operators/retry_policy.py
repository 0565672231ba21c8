# SPDX-License-Identifier: Apache-2.0
"""A retry policy for Airflow 3.3 and later: ``retry_policy=VendorRetryPolicy()``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater, TooManyFailed

try:
    from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
except ImportError:
    raise ImportError(
        "VendorRetryPolicy needs Airflow 3.3 or later; leave retry_policy out, and a retry waits for retry_delay"
    ) from None

__all__ = ["VendorRetryPolicy"]


class VendorRetryPolicy(RetryPolicy):
    """Retry a push when the vendor asked to be called again, and not at all if a retry would fail the same way."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Return whether and when to retry, from what the push raised.

        :param exception: what the task raised.
        :param try_number: the try that failed, from 1.
        :param max_tries: the maximum number of tries.
        :param context: the task's context.
        """
        if isinstance(exception, (RefusedConfiguration, TooManyFailed)):
            return RetryDecision.fail(reason="a retry would fail the same way")
        if isinstance(exception, RetryLater) and exception.retry_after:
            return RetryDecision.retry(
                delay=timedelta(seconds=exception.retry_after), reason="the vendor asked to wait this long"
            )
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Return the policy's arguments: none."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> VendorRetryPolicy:
        """Return the policy."""
        return cls()

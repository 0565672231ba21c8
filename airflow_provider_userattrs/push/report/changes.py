# SPDX-License-Identifier: Apache-2.0
"""What a report says of changes, in sentences for the log and the page."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.report.sentences import users

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Changes


def sentence_on_sent(changes: Changes) -> str:
    """Return which users are sent, and why."""
    if changes["full"]:
        return f"Every user is sent, because {changes['full']}"
    again = f"; {users(changes['refreshed'])} again, because refresh_after had passed" if changes["refreshed"] else ""
    return f"Only what changed is sent, of {users(changes['known'])} known{again}"


def sentence_on_disputed(changes: Changes) -> str | None:
    """Return how many users are sent again because two pushes ran at once, or None."""
    if not changes["disputed"]:
        return None
    return f"Two pushes ran at once: {users(changes['disputed'])} whom they sent are sent again"


def sentence_on_failing(changes: Changes) -> str | None:
    """Return since when users' updates fail, or None if none of those that failed has failed before."""
    if not changes["failing_since"]:
        return None
    since = datetime.fromtimestamp(changes["failing_since"], timezone.utc).date().isoformat()
    verb = "has" if changes["failing"] == 1 else "have"
    return f"{users(changes['failing'])} {verb} failed before too, the first since {since}"

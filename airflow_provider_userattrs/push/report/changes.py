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


def sentence_on_removed(changes: Changes, *, dry_run: bool = False) -> str | None:
    """Return what became of those who left the query, or None if nobody did.

    :param changes: what a report says of changes; reports of earlier versions say nothing of those who left.
    :param dry_run: whether nothing was sent.
    """
    removed = changes.get("removed")
    if removed is None:
        return None
    left, unset, gone = removed["left"], removed["unset"], removed["gone"]
    if left is None and removed["withheld"]:
        return f"Nobody was looked for who left the query, because {removed['withheld']}"
    if not left:
        return None
    done = unset + gone
    who = f"{users(left)} left the query"
    some = (
        f"{done:,} {'was' if done == 1 else 'were'} unset"
        if done
        else "none was unset"
        if left > 1
        else "was not unset"
    )
    if removed["withheld"]:
        none = "none would be" if left > 1 else "would not be"
        return f"{who} and {f'{none} unset' if dry_run else some}, because {removed['withheld']}"
    if dry_run:
        return f"{who} and would be unset"
    of_whom = f", {gone:,} of whom the vendor does not know any more" if gone else ""
    if done == left:
        return f"{who} and {'was' if left == 1 else 'were'} unset{of_whom}"
    why = removed["why"] or "the push stopped"
    return f"{who} and {some}{of_whom}: {why}; the next push tries again"


def warning_on_removed(changes: Changes, *, dry_run: bool = False) -> str | None:
    """Return the same if it needs somebody's attention, else None."""
    removed = changes.get("removed")
    if removed is None or not removed["left"] or not (removed["withheld"] or removed["why"]):
        return None
    return sentence_on_removed(changes, dry_run=dry_run)

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


def sentence_on_window(changes: Changes) -> str | None:
    """Return which rows are read, or None if all are, as ever."""
    if (window := changes.get("window")) is None:
        return None
    if window["since"] is None:
        return f"All rows are read, because {window['all']}"
    also = f", and {users(window['asked'])} again who failed before" if window["asked"] else ""
    return f"Rows with {window['column']} from {_minute(window['since'])} to {_minute(window['until'])} are read{also}"


def sentence_on_gone(changes: Changes) -> str | None:
    """Return how many users who failed before are asked for no more, or None."""
    gone = changes["window"]["gone"] if "window" in changes else 0
    if not gone:
        return None
    verb = "has" if gone == 1 else "have"
    return f"{users(gone)} who failed before {verb} left the query"


def sentence_on_mark(changes: Changes) -> str | None:
    """Return why the next push reads these rows once more, or whom it asks for again; None if neither."""
    if (window := changes.get("window")) is None:
        return None
    if window["kept"]:
        return f"The next push reads the same rows once more, because {window['kept']}"
    if not window["remembered"]:
        return None
    return f"The next push asks for {users(window['remembered'])} again who failed"


def sentences_after(changes: Changes) -> list[str]:
    """Return what is to be said of changes once the rows are read."""
    each = (sentence_on_failing, sentence_on_gone, sentence_on_mark, sentence_on_disputed)
    return [sentence for sentence_on in each if (sentence := sentence_on(changes))]


def sentences_on(changes: Changes) -> list[str]:
    """Return all that is to be said of changes."""
    window = sentence_on_window(changes)
    return [sentence_on_sent(changes), *([window] if window else []), *sentences_after(changes)]


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
    if gone == left:
        return f"{who}, whom the vendor does not know any more"
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


def _minute(time: str) -> str:
    """Return a time in UTC to the minute."""
    return f"{datetime.fromisoformat(time).astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"

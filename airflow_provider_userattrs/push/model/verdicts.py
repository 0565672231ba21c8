# SPDX-License-Identifier: Apache-2.0
"""The engine's own verdicts: those that come from no vendor and no vendor's rule."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict

_CHECK = "Check these users at the vendor; push the rows again if the operation may be repeated."
_RETRY = "Retry the task, or push the rows again."

# A request was sent, or attempted.
NO_CONNECTION = Verdict(
    Status.UNSENT,
    "no-connection",
    "no connection to the vendor",
    "Check the host, the network and the proxy; then retry the task.",
    Action.RETRY,
)
NO_RESPONSE = Verdict(
    Status.UNKNOWN, "no-response", "sent, and no readable response came back in time", _CHECK, Action.RETRY
)
TASK_ENDED = Verdict(
    Status.UNKNOWN, "no-response", "sent, and the task ended before a response came back", _CHECK, Action.RETRY
)
UNREADABLE = Verdict(Status.UNKNOWN, "unreadable", "response could not be read", _CHECK)
BROKEN = Verdict(Status.UNKNOWN, "broken", "sending ended with an unexpected error", _CHECK, Action.STOP)
IN_DOUBT = Verdict(
    Status.UNKNOWN,
    "in-doubt",
    "may have been sent by an earlier try of the task, which ended before the response",
    "Check these users at the vendor",
)

# Nothing was sent.
DRY_RUN = Verdict(Status.SKIPPED, "dry-run", "dry run, not sent", "Push with dry_run=False.")
UNCHANGED = Verdict(
    Status.SKIPPED,
    "unchanged",
    "unchanged since the vendor accepted it",
    "None needed: only what changed is sent.",
)
MISSING_COLUMN = Verdict(
    Status.INVALID,
    "missing-column",
    "row has no such column",
    "Check the column's name, or give every row the column, with None where there is no value.",
)
FILTERED = Verdict(
    Status.SKIPPED,
    "filtered",
    "filtered out by where",
    "None needed: only rows in which the column is true are sent.",
)
SUPERSEDED = Verdict(
    Status.SKIPPED,
    "superseded",
    "a later row names the same user",
    'None needed: duplicates="last" sends the last row of each user.',
)
DUPLICATE = Verdict(
    Status.INVALID,
    "duplicate",
    "another row names the same user",
    'Keep one row for each user in the query, or give duplicates="last".',
)
HELD_WITH_DUPLICATES = Verdict(
    Status.UNSENT,
    "held-with-duplicates",
    "not sent, because other rows name a user twice",
    "Correct these, then push the rows again.",
)
UNEXPECTED_ROWS = Verdict(
    Status.UNSENT,
    "unexpected-rows",
    "not sent: the source has too few or too many rows",
    "Check the source; if these rows are right, clear the task with other values of expect_rows and max_change.",
)
NOT_TRIED = Verdict(Status.UNSENT, "not-tried", "not tried: the push had stopped", _RETRY)
HELD_BACK = Verdict(Status.UNSENT, "held-back", "held back after an unsent row of the same user", _RETRY)
NOT_REACHED = Verdict(Status.UNSENT, "not-reached", "not read: the push had stopped", "Retry the task.")


def too_large(limit: int) -> Verdict:
    """Return the verdict on an update that exceeds the request limit by itself.

    :param limit: bytes that a request body may have.
    """
    return Verdict(
        Status.INVALID,
        "request-too-large",
        f"update over {limit:,} bytes",
        "Send fewer or shorter attributes of this user at once.",
    )

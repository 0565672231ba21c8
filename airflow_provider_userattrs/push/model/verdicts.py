# SPDX-License-Identifier: Apache-2.0
"""The engine's own verdicts: what becomes of a row where no vendor and no rule of a vendor decides it."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict

_CHECK = "Check these users at the vendor; push the rows again if the operation may be repeated."
_RETRY = "Retry the task, or push the rows again."

# A request was sent, or tried.
NO_CONNECTION = Verdict(
    Status.UNSENT,
    "no-connection",
    "no connection to the vendor",
    "Check the host, the network and the proxy; then retry the task.",
    Action.RETRY,
)
NO_ANSWER = Verdict(Status.UNKNOWN, "no-answer", "sent, and no readable answer came back in time", _CHECK, Action.RETRY)
LEFT = Verdict(Status.UNKNOWN, "no-answer", "sent, and the task ended before an answer came", _CHECK, Action.RETRY)
UNREADABLE = Verdict(Status.UNKNOWN, "unreadable", "the answer could not be read", _CHECK)
BROKEN = Verdict(Status.UNKNOWN, "broken", "sending ended with an unexpected error", _CHECK, Action.STOP)
IN_DOUBT = Verdict(
    Status.UNKNOWN,
    "in-doubt",
    "may have been sent by a try of the task that ended before the answer",
    "Check these users at the vendor",
)

# None was.
DRY_RUN = Verdict(Status.SKIPPED, "dry-run", "dry run, not sent", "Push with dry_run=False.")
NOT_TRIED = Verdict(Status.UNSENT, "not-tried", "not tried, the push had stopped", _RETRY)
HELD_BACK = Verdict(Status.UNSENT, "held-back", "held back behind an unsent row of the same user", _RETRY)
NOT_REACHED = Verdict(
    Status.UNSENT, "not-reached", "not reached, the push had stopped", "Retry the task: these rows were not read."
)


def too_large(limit: int) -> Verdict:
    """Return the verdict on an update that is over the request limit all by itself.

    :param limit: bytes that a request body may have.
    """
    return Verdict(
        Status.INVALID,
        "request-too-large",
        f"update over {limit:,} bytes",
        "Send fewer or shorter attributes of this user at once.",
    )

# SPDX-License-Identifier: Apache-2.0
"""What a report says of users that were read back, in a sentence for the log and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.report.sentences import users

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Verified


def sentence_on_verified(vendor: str, verified: Verified) -> str:
    """Return what reading users back has shown.

    :param vendor: the vendor's name.
    :param verified: the counts.
    """
    if not verified["sampled"]:
        return f"No user was accepted whom {vendor} could be asked about"
    parts = (
        (verified["equal"], "as sent"),
        (verified["not_yet"], "not yet stored, or not stored"),
        (verified["different"], "different from what was sent"),
        (verified["unknown_user"], f"unknown to {vendor}"),
        (verified["unread"], "not read"),
    )
    counts = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    why = f" ({verified['why']})" if verified["why"] else ""
    return f"Of {users(verified['sampled'])} read back from {vendor}: {counts}{why}"

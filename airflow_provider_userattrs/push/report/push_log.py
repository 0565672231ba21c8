# SPDX-License-Identifier: Apache-2.0
"""What a report says of the log in a database, in a sentence for the task's log and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.model.phrases import counted

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Logged


def sentence_on_push_log(logged: Logged) -> str:
    """Return how many lines were written, and how many were not and why.

    :param logged: the counts.
    """
    written = counted(logged["written"], "line")
    if logged["why"] is None:
        return f"log_to: {written} written"
    lost = f"{counted(logged['lost'], 'line')} lost" if logged["lost"] else "its tables are not up to date"
    return f"log_to: {written} written, {lost} ({logged['why']}); the push itself was not affected"

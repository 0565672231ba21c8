# SPDX-License-Identifier: Apache-2.0
"""The page of one push, as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_userattrs.plugins.document import rendered
from airflow_provider_userattrs.plugins.figures import HEIGHT, WIDTH, bar, chart, progress
from airflow_provider_userattrs.plugins.story import Story

if TYPE_CHECKING:
    from airflow_provider_userattrs.plugins.last_push import LastPush


def render(task_id: str, story: Story, which: str = "-1", last: LastPush | None = None) -> str:
    """Return the page as HTML.

    :param task_id: the task's id.
    :param story: what the page shows.
    :param which: the instance, as it stands in the page's URL.
    :param last: the last push, if there is one to compare with.
    """
    reading = story.reading
    facts = {
        "task_id": task_id,
        "story": story,
        "reading": reading,
        "bar": bar(reading.counts) if reading else [],
        "chart": chart(reading.timeline, reading.seconds) if reading and reading.timeline else None,
        "chart_width": WIDTH,
        "chart_height": HEIGHT,
        "which": which,
        "last": last,
        "first_try": max(story.try_number - len(reading.tries), 0) + 1 if reading else 1,
        "progress": progress(reading) if reading and story.level == "running" else None,
    }
    return rendered("page.html", facts)

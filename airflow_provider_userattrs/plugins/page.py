# SPDX-License-Identifier: Apache-2.0
"""Renders the page as HTML: every value is escaped, style and script are inline, and nothing is loaded from outside."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from airflow_provider_userattrs.plugins.figures import HEIGHT, WIDTH, bar, chart, progress
from airflow_provider_userattrs.plugins.story import Story

if TYPE_CHECKING:
    from airflow_provider_userattrs.plugins.last_push import LastPush

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
_SCRIPT = (_FOLDER / "page.js").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


#: Headers of every response: only this style and this script may run, no other host, no frame but Airflow's own.
SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(_STYLE)}",
            f"script-src {_hash(_SCRIPT)}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def _number(value: float) -> str:
    """Format a count in full, and a rate with two significant digits."""
    return f"{value:,.0f}" if isinstance(value, int) or value >= 10 else f"{value:,.1f}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, rest_of_hour = divmod(minutes, 60)
    return f"{hours:,} h {rest_of_hour} min" if hours else f"{minutes} min {rest} s"


def _moment(time: datetime) -> str:
    return f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


_environment = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters.update(
    number=_number, duration=_duration, literal=repr, moment=_moment, segment=partial(quote, safe="")
)


def render(task_id: str, story: Story, which: str = "-1", last: LastPush | None = None) -> str:
    """Return the page as HTML.

    :param task_id: the task's id.
    :param story: what the page shows.
    :param which: the instance, as it stands in the page's URL.
    :param last: the last push, if there is one to compare with.
    """
    reading = story.reading
    facts: dict[str, Any] = {
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
        "style": Markup(_STYLE),
        "script": Markup(_SCRIPT),
    }
    return _environment.get_template("page.html").render(facts)

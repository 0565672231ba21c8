# SPDX-License-Identifier: Apache-2.0
"""What the pages have in common: every value is escaped, style and script are inline, nothing is from elsewhere."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from airflow_provider_userattrs.plugins.formats import duration, moment, number

_FOLDER = Path(__file__).parent
_STYLE = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "pushes.css"))
_SCRIPT = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("page.js", "pushes.js"))


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
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


_environment = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters.update(
    number=number, duration=duration, literal=repr, moment=moment, segment=partial(quote, safe="")
)


def rendered(template: str, facts: dict[str, Any]) -> str:
    """Return a page as HTML.

    :param template: the name of its template.
    :param facts: the values that the template names.
    """
    return _environment.get_template(template).render(style=Markup(_STYLE), script=Markup(_SCRIPT), **facts)

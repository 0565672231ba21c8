# SPDX-License-Identifier: Apache-2.0
"""Makes text from the data, such as names of columns and files, safe for logs, JSON and databases.

PostgreSQL's JSONB refuses U+0000 and lone surrogates, UTF-8 the latter, and a line break would start a new line in the
log.
"""

from __future__ import annotations

import re
from typing import Any

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(text: str, longest: int | None = None) -> str:
    """Return a text with control characters, line breaks and lone surrogates escaped as in Python.

    :param text: the text.
    :param longest: the maximum length, or None.
    """
    kept = text if longest is None else text[:longest]
    shown = _UNPRINTABLE.sub(_escaped, kept) if _UNPRINTABLE.search(kept) else str(kept)
    return shown if longest is None else shown[:longest]


def storable(value: Any) -> Any:
    """Return a JSON value in which every text is printable, keys of dicts included."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(name) if isinstance(name, str) else name: storable(item) for name, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, (list, tuple)) else value


def _escaped(match: re.Match[str]) -> str:
    return repr(match.group())[1:-1]

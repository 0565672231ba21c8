# SPDX-License-Identifier: Apache-2.0
"""Text out of data that a log, an XCom and a metadata database can hold: names of columns and files may hold anything.

PostgreSQL's JSONB refuses U+0000 and lone surrogates, UTF-8 the latter, and a line break would begin a line of its own
in the log.
"""

from __future__ import annotations

import re
from typing import Any

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(text: str, longest: int | None = None) -> str:
    """Return a text with its control characters, line breaks and lone surrogates escaped as Python writes them.

    :param text: the text.
    :param longest: how many characters of it to keep, or None for all.
    """
    kept = text if longest is None else text[:longest]
    shown = _UNPRINTABLE.sub(_escaped, kept) if _UNPRINTABLE.search(kept) else str(kept)
    return shown if longest is None else shown[:longest]


def storable(value: Any) -> Any:
    """Return a JSON value with each text in it printable, the names of its dicts too."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(name) if isinstance(name, str) else name: storable(item) for name, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, (list, tuple)) else value


def _escaped(found: re.Match[str]) -> str:
    return repr(found.group())[1:-1]

# SPDX-License-Identifier: Apache-2.0
"""Numbers and flags that a template rendered to as text."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from decimal import Decimal
from typing import Any


def from_text(name: str, value: Any) -> Any:
    """Return the number or flag in a text; the value itself if it is no such text.

    :param name: the parameter, which decides what it may be.
    :param value: what was given or rendered.
    """
    read = _READERS.get(name)
    if read is None or not isinstance(value, str):
        return value
    try:
        return None if value == "None" else read(value.strip())
    except (KeyError, ValueError, ArithmeticError):
        return value


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdecimal() else float(text)


def _number_or_share(text: str) -> float:
    # Not float(text) / 100: that makes a little less than 0.007 of 0.7%.
    return float(Decimal(text[:-1].strip()) / 100) if text.endswith("%") else _number(text)


def _bounds(text: str) -> Any:
    try:
        return literal_eval(text)
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError from None


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


#: Parameter -> how its text is read.
_READERS: dict[str, Callable[[str], Any]] = {
    "expect_rows": _bounds,
    "max_failed": _number_or_share,
    "max_change": _number_or_share,
    "max_removed": _number_or_share,
    "rate_limit": _number,
    "concurrency": int,
    "limit": int,
    "sample": int,
    "dry_run": _flag,
    "full_refresh": _flag,
}

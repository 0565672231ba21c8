# SPDX-License-Identifier: Apache-2.0
"""JSON by the standard: UTF-8, and no NaN or Infinity, which Python's parser would accept."""

from __future__ import annotations

import json
from typing import Any, Final


class _Malformed:
    """The type of ``MALFORMED``, so that it is never mistaken for a value."""


MALFORMED: Final = _Malformed()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def parse(body: bytes) -> Any:
    """Return the value that a body holds, or ``MALFORMED``."""
    try:
        return _decoder.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        return MALFORMED


def encode(value: object) -> bytes:
    """Return a value as compact JSON; ASCII only, so that a lone surrogate survives."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def is_integer(value: object) -> bool:
    """Return whether a JSON value was written as an integer: Python's bool is an int, JSON's is not."""
    return isinstance(value, int) and not isinstance(value, bool)

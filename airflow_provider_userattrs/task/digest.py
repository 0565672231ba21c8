# SPDX-License-Identifier: Apache-2.0
"""Values as bytes and as a short digest, the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson


def digest(parts: Iterable[Any]) -> str:
    """Return a short digest of values; the same ones give the same digest in every process."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(encoded(part))
        sha.update(b"\0")
    return sha.hexdigest()[:32]


def encoded(part: Any) -> bytes:
    """Return a value as bytes, the same in every process."""
    try:
        return orjson.dumps(part, default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer over 64 bits, a lone surrogate
        try:
            return repr(part).encode("utf-8", "surrogatepass")
        except RecursionError:  # no vendor takes it: its row is invalid, whatever it holds
            return b"nested too deep"

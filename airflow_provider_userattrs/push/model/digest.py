# SPDX-License-Identifier: Apache-2.0
"""Digests of values, the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson


def digest(parts: Iterable[Any]) -> str:
    """Return 32 hexadecimal digits that other values do not have.

    :param parts: the values, of any type.
    """
    sha = hashlib.sha256()
    for part in parts:
        sha.update(encoded(part))
        sha.update(b"\0")
    return sha.hexdigest()[:32]


def encoded(part: Any) -> bytes:
    """Return a value as bytes, the same in every process.

    :param part: the value.
    """
    try:
        return orjson.dumps(part, default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    except Exception:  # an integer over 64 bits, a lone surrogate, an object whose repr fails
        try:
            return _spelled(part).encode("utf-8", "surrogatepass")
        except Exception:  # no vendor takes it: its row is invalid in any case
            return f"no text for it: {type(part).__name__}".encode("utf-8", "surrogatepass")


def _spelled(part: Any) -> str:
    """Return a value as text; integers in hex, since Python writes no more than 4,300 decimal digits."""
    if isinstance(part, int):
        return hex(part)
    if isinstance(part, Mapping):
        return f"{{{','.join(f'{_spelled(name)}:{_spelled(value)}' for name, value in part.items())}}}"
    if isinstance(part, (list, tuple)):
        return f"[{','.join(map(_spelled, part))}]"
    return repr(part)

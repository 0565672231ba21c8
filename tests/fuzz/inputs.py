# SPDX-License-Identifier: Apache-2.0
"""Inputs near to right ones: bytes that are cut, spliced and flipped, JSON with a value exchanged, gone or doubled."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

#: What tends to be read wrongly, wherever it stands.
BYTES = [
    *(
        b"\0",
        b"\xff",
        b"\r\n",
        b"\r\n\r\n",
        b'"',
        b"'",
        b",",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"\\",
        b"\\u0000",
        b"\\ud800",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e999",
        b"9" * 400,
        b"null",
        b"[" * 2000,
        b"0x10",
    ),
    *(
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\n",
        b"ffffffffffffffff\r\n",
    ),
]

#: Any JSON value, with those that are not numbers, and integers that no machine word holds.
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "\0", "\ud800", "2026-01-01", "accepted", "1", [], {}, -1, 0, 1, 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated_bytes(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Draw bytes near to one of the seeds, or any."""
    data = bytearray(draw(st.sampled_from(seeds) | st.binary(max_size=200)))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["insert", "cut", "delete", "flip", "double", "splice"]))
        size = draw(st.integers(0, 40))
        if kind == "insert":
            data[at:at] = draw(st.sampled_from(BYTES) | st.binary(max_size=8))
        elif kind == "cut":
            del data[at:]
        elif kind == "delete":
            del data[at : at + size]
        elif kind == "flip" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "double":
            data[at:at] = data[at : at + size]
        elif kind == "splice":
            other = draw(st.sampled_from(seeds))
            data[at:] = other[draw(st.integers(0, len(other))) :]
    return bytes(data)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of each value within a JSON value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


@st.composite
def mutated_json(draw: st.DrawFn, seeds: list[Any]) -> Any:
    """Draw a JSON value near to one of the seeds, or any."""
    value = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        paths = list(places(value))
        if not paths:
            break
        *parents, last = draw(st.sampled_from(paths))
        inside = value
        for key in parents:
            inside = inside[key]
        kind = draw(st.sampled_from(["exchange", "delete", "add"]))
        if kind == "exchange":
            inside[last] = draw(ANY_JSON)
        elif kind == "delete":
            del inside[last]
        elif isinstance(inside, list):
            inside.append(draw(ANY_JSON))
        else:
            inside[draw(st.text(max_size=4))] = draw(ANY_JSON)
    return value if draw(st.integers(0, 9)) else draw(ANY_JSON)


def as_json(value: Any) -> bytes:
    """Write a JSON value as a text that may hold what JSON has no word for."""
    return json.dumps(value).encode()

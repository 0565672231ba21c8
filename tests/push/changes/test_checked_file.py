# SPDX-License-Identifier: Apache-2.0
"""A file is as it was written, or damaged."""

from __future__ import annotations

import io
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.changes.checked_file import Damaged, read_head, reading, writing


def written() -> bytes:
    file = io.BytesIO()
    with writing(nullcontext(file), {"words": 2}) as target:
        target.write((5).to_bytes(8, "little") + (2**63).to_bytes(8, "little"))
    return file.getvalue()


def read(content: bytes) -> tuple[dict[str, int], list[int]]:
    with reading(nullcontext(io.BytesIO(content))) as (head, source):
        return head, list(source.read_words(head["words"]))


def test_it_is_read_as_it_was_written() -> None:
    assert read(written()) == ({"words": 2}, [5, 2**63])
    assert read_head(nullcontext(io.BytesIO(written()))) == {"words": 2}


@given(st.data())
def test_any_damage_is_noticed(data: st.DataObject) -> None:
    content = bytearray(written())
    at = data.draw(st.integers(0, len(content) - 1))
    damage = data.draw(st.sampled_from(["cut", "flipped", "longer"]))
    if damage == "cut":
        del content[at:]
    elif damage == "flipped":
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        content.insert(at, data.draw(st.integers(0, 255)))
        if bytes(content) == written():
            return
    with pytest.raises((Damaged, KeyError, TypeError, OverflowError, MemoryError)):
        read(bytes(content))

# SPDX-License-Identifier: Apache-2.0
"""Text out of data becomes what any log and any database can hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.text import printable, storable

#: Any text, lone surrogates and control characters among it more often than by chance.
texts = st.text(st.one_of(st.characters(codec=None), st.sampled_from("\0\n\x1b\x85\u2028\ud800\udfff")))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plan", "plan"),
        ("Größe 身長 👍🏽", "Größe 身長 👍🏽"),
        ("a\0b", r"a\x00b"),
        ("\ud800", r"\ud800"),
        ("a\nERROR a line of its own\r", r"a\nERROR a line of its own\r"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u2028b\x85", r"a\u2028b\x85"),
    ],
)
def test_what_cannot_be_held_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(texts, st.integers(0, 10))
def test_it_is_cut(text: str, longest: int) -> None:
    assert len(printable(text, longest)) <= longest


@given(st.recursive(st.one_of(st.none(), st.integers(), texts), lambda each: st.dictionaries(texts, each)))
def test_any_json_value_can_be_stored(value: Any) -> None:
    written = json.dumps(storable(value), ensure_ascii=False)
    written.encode()
    assert "\\u0000" not in written
    assert storable(storable(value)) == storable(value)

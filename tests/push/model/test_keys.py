# SPDX-License-Identifier: Apache-2.0
"""Keys of rows as JSON: each comes back as it was, and what is no key is named."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.keys import decode_key, encode_key, may_be_equal


@pytest.mark.parametrize(
    "key",
    [
        5,
        "ada",
        UUID(int=5),
        datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=timezone.utc),
        date(2024, 1, 2),
        Decimal("1.10"),
        b"\x00\xff",
    ],
)
def test_a_key_comes_back(key: Any) -> None:
    assert decode_key(encode_key(key)) == key


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (None, "a NULL"),
        (True, "a bool"),
        (1.5, "a float"),
        (Decimal("NaN"), "a NaN"),
        (Decimal("sNaN"), "a NaN"),
        (Decimal("-Infinity"), "an infinity"),
    ],
)
def test_what_is_no_key_is_named(key: Any, named: str) -> None:
    with pytest.raises(RefusedConfiguration, match=f"^key holds {named}; give a column that is never NULL and holds"):
        encode_key(key)


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        ("ada", "ADA ", True),
        ("ada", "adb", False),
        ("Éa", "ea", True),
        ("straße", "STRASSE", True),
        (1, 1, False),
        ("1", 1, False),
    ],
)
def test_only_texts_may_be_equal_to_a_database(one: Any, other: Any, may_be: bool) -> None:
    assert may_be_equal(one, other) is may_be


_KEYS = st.text(st.sampled_from("aAeE15 -sß\u00e9\u0301\u212aIİﬁ\uff11."), max_size=4)


@given(_KEYS, _KEYS)
@example("stra\u00df", "STRASS")
@example("e\u0301", "E")
@example("1", "")
def test_texts_may_be_equal_if_they_are_without_case_accents_and_outer_blanks(one: str, other: str) -> None:
    def folded(text: str) -> str:
        plain = unicodedata.normalize("NFKD", text).casefold()
        return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()

    assert may_be_equal(one, other) is (folded(one) == folded(other))

# SPDX-License-Identifier: Apache-2.0
"""Keys of rows as encrypted text."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from push.changes.windowed_nights import Seal

from airflow_provider_userattrs.push.changes.sealed_keys import SealedKeys, may_be_asked_for

KEYS = [7, "7", "ü", b"\x00", UUID(int=7), date(2026, 11, 26)]


def test_keys_of_any_kind_are_read_again_each_once() -> None:
    keys = SealedKeys(Seal())
    assert set(keys.open([keys.close(KEYS[:4]), keys.close(KEYS[3:])]) or ()) == set(KEYS)
    assert keys.open([keys.close([7]), keys.close([7])]) == (7,)


def test_of_none_nothing_is_written() -> None:
    keys = SealedKeys(Seal())
    assert keys.close([]) == ""
    assert keys.open([]) == keys.open([""]) == ()


@pytest.mark.parametrize("text", ["{", "{}", '{"keys": 1}', '{"keys": [["integer", "x"]]}', '{"keys": [1]}'])
def test_what_cannot_be_read_is_no_key(text: str) -> None:
    assert SealedKeys(Seal()).open([text]) is None


@pytest.mark.parametrize(("key", "may"), [(0, True), ("", True), ("ü", True), (None, False), ("a\ud800", False)])
def test_a_database_is_asked_for_no_key_that_is_none(key: Any, may: bool) -> None:
    assert may_be_asked_for(key) is may

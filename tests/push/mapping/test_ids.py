# SPDX-License-Identifier: Apache-2.0
"""Ids as text, and odd ids."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.push.mapping.ids import id_note, id_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ada", "ada"),
        (5, "5"),
        (5.0, "5"),
        (Decimal("10362473"), "10362473"),
        (UUID(int=1), str(UUID(int=1))),
        (True, None),
        (1.5, None),
        (b"ada", None),
        (["ada"], None),
        (datetime(2020, 1, 1), None),
        (10**5_000, None),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) else "int",
)
def test_ids(value: Any, expected: str | None) -> None:
    assert id_text(value) == expected


@pytest.mark.parametrize("text", ["ada", "nana", "none@example.com", "a b", "0", "-"])
def test_an_ordinary_id_is_not_odd(text: str) -> None:
    assert id_note(text) is None


class TestNumpy:
    def test_ids(self) -> None:
        np = pytest.importorskip("numpy")
        assert id_text(np.int64(10362473)) == "10362473"
        assert id_text(np.str_("ada")) == "ada"
        assert type(id_text(np.str_("ada"))) is str
        assert id_text(np.bool_(True)) is None

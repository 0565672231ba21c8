# SPDX-License-Identifier: Apache-2.0
"""Rows of a chunk, grouped by their columns."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from airflow_provider_userattrs.push.mapping.alike import alike
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

MALFORMED = MalformedRow(Verdict(Status.INVALID))
A, B = ("id", "a"), ("id", "b")


@pytest.mark.parametrize(
    ("rows", "names", "groups"),
    [
        ([{"id": 1, "a": 1}, {"id": 2, "a": 2}], None, {A: [0, 1]}),
        ([{"id": 1, "a": 1}, {"id": 2, "b": 2}, {"id": 3, "a": 3}], None, {A: [0, 2], B: [1]}),
        ([{"id": 1, "a": 1}, {"a": 2, "id": 2}], None, {A: [0], ("a", "id"): [1]}),
        ([{"id": 1, "a": 1}, MALFORMED, 5, MappingProxyType({"id": 1, "a": 1})], None, {A: [0], None: [1, 2, 3]}),
        ([{}], None, {(): [0]}),
        ([(1, 1), (2, 2)], A, {A: [0, 1]}),
        ([(1, 1), MALFORMED, (2, 2)], A, {A: [0, 2], None: [1]}),
    ],
    ids=["the-same", "two-shapes", "another-order", "other-kinds", "no-column", "cells", "malformed-among-cells"],
)
def test_which_rows_have_the_same_columns(rows: list[Any], names: Any, groups: dict[Any, list[int]]) -> None:
    assert {shape: list(indexes) for shape, indexes in alike(Chunk(rows, names))} == groups

# SPDX-License-Identifier: Apache-2.0
"""Rows mapped together: each becomes what it would become by itself, whatever the rows beside it."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from push.mapping.any_rules import rules

from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.shapes import display_of
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.vendors.engagelab.api import OPERATIONS as ENGAGELAB
from airflow_provider_userattrs.vendors.kahuna.api import OPERATIONS as KAHUNA
from airflow_provider_userattrs.vendors.moengage.api import OPERATIONS as MOENGAGE

MALFORMED = MalformedRow(Verdict(Status.INVALID, "unreadable"), {"a": 1})
VALUES = st.one_of(st.none(), st.text(max_size=3), st.integers(0, 2_000), st.floats(allow_nan=False), st.binary())
IDS = st.one_of(st.just("user-of-some-name"), st.integers(2, 9), st.sampled_from([None, "", "null", " ada", "0", b"x"]))


def made(result: Any) -> Any:
    if isinstance(result, Outcome):
        return result.position, result.verdict, result.row, result.user
    return result.position, result.user, result.keys, list(result.attributes.items()), list(result.unset), result.row


@pytest.mark.parametrize("operation", [KAHUNA["set"], ENGAGELAB["set"], MOENGAGE["set"]], ids=lambda one: one.vendor)
@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.one_of(
            st.fixed_dictionaries({"id": IDS, "a": VALUES}, optional=dict.fromkeys(["b", "", "email"], VALUES)),
            st.sampled_from([MALFORMED, None, {}, {"a": 1}]),
        ),
        max_size=8,
    ),
    attributes=st.sampled_from([None, ["a"], {"x": "b", "k": Constant(True), "y": "a"}]),
    options=st.fixed_dictionaries({"unset_nulls": st.booleans(), "leave_out": st.booleans()}),
)
def test_rows_mapped_together_are_what_each_is_by_itself(
    operation: Any, rows: list[Any], attributes: Any, options: dict[str, Any]
) -> None:
    def mapper() -> Mapper:
        return Mapper(operation.rules(timezone.utc), {"id": "id"}, attributes=attributes, **options)

    together, alone = mapper(), mapper()
    expected = [made(alone(position, row)) for position, row in enumerate(rows, 5)]
    assert [made(each) for each in together.map(range(5, 5 + len(rows)), Chunk(rows))] == expected
    assert together.notes == alone.notes


def test_cells_are_mapped_as_dicts_are() -> None:
    names = ("id", "a", "b")
    cells = [("ada", 1, None), ("bob", 5_000, 1.5), ("eve", None, None)]
    dicts = [dict(zip(names, row, strict=True)) for row in cells]
    mapper = Mapper(rules(), {"id": "id"})
    from_cells = mapper.map(range(3), Chunk(cells, names))
    assert list(map(made, from_cells)) == list(map(made, mapper.map(range(3), Chunk(dicts))))
    malformed = mapper.map([7, 8], Chunk([MALFORMED, cells[0]], names))
    assert list(map(made, malformed)) == [made(mapper(7, MALFORMED)), made(mapper(8, dicts[0]))]


class Quoting(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "__import__('os')"


@pytest.mark.parametrize("name", ["a", "it's", '"', "\\", "\n", "\x00", "\ud800", "}: {", Quoting("plain")], ids=ascii)
def test_any_text_is_a_key_and_never_code(name: str) -> None:
    assert display_of([name, "b"])([(1, 2), (3, 4)]) == [{name: 1, "b": 2}, {name: 3, "b": 4}]

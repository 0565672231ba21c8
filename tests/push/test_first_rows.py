# SPDX-License-Identifier: Apache-2.0
"""A push whose first rows are all unfit for one reason stops before it sends; any other goes on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from push.mapping.any_rules import rules

from airflow_provider_userattrs.push.first_rows import PATIENCE, check_first_rows
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.errors import NoneFit

BAD: dict[str, Any] = {"id": 1, "a": b"x", "b": 2_000, "c": b"x", "d": 1}


def updates(rows: list[dict[str, Any]]) -> Iterator[Any]:
    mapper = Mapper(rules(), {"id": "id"})
    singly = check_first_rows(([mapper(position, row)] for position, row in enumerate(rows)), "Petrel")
    return chain.from_iterable(singly)


def test_all_columns_at_fault_are_named() -> None:
    passed: list[Any] = []
    with pytest.raises(NoneFit) as raised:
        passed.extend(updates([BAD] * (PATIENCE + 1)))
    assert len(passed) == PATIENCE
    assert str(raised.value) == (
        "None of the first 1,000 users can be sent to Petrel: value of type bytes on a, c; number over 1,000 on b "
        "(Convert the value upstream, or leave the attribute out)"
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"id": 1, "a": 1}, id="a-fit-row"),
        pytest.param({"id": 1, "a": None}, id="nothing-to-set"),
        pytest.param({"id": 1, "a": 2_000}, id="another-reason"),
    ],
)
@pytest.mark.parametrize("at", [0, 1, PATIENCE - 1])
def test_one_other_row_is_enough(other: dict[str, Any], at: int) -> None:
    rows = [BAD] * (PATIENCE + 1)
    rows[at] = other
    assert len(list(updates(rows))) == len(rows)


def test_fewer_rows_are_left_to_the_report() -> None:
    assert len(list(updates([BAD] * (PATIENCE - 1)))) == PATIENCE - 1

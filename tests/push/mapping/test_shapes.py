# SPDX-License-Identifier: Apache-2.0
"""Which attributes rows have whose columns nobody has named."""

from __future__ import annotations

from typing import Any

import pytest
from push.mapping.any_rules import RESERVED, rules

from airflow_provider_userattrs.push.mapping import shapes as module
from airflow_provider_userattrs.push.mapping.attributes import compile_attributes
from airflow_provider_userattrs.push.mapping.shapes import SAME_ATTRIBUTE, Shape, Shapes
from airflow_provider_userattrs.push.model.verdicts import MISSING_COLUMN


def shapes(**options: Any) -> Shapes:
    return Shapes(rules(), {"id": "uid"}, **options)


def named(shape: Shape) -> dict[str, str]:
    return {name: column for name, column, _ in shape.columns}


def test_every_column_but_the_users_is_an_attribute() -> None:
    known = shapes(exclude=["b"], rename={"c": "d"}, no_attributes=["key"])
    assert named(known.of(("uid", "a", "b", "c", "KEY"))) == {"a": "a", "d": "c"}
    assert known.left_out == ("key",)


def test_a_column_that_names_the_user_is_an_attribute_if_it_is_renamed() -> None:
    assert named(shapes(rename={"uid": "id"}).of(("uid", "a"))) == {"id": "uid", "a": "a"}


@pytest.mark.parametrize(
    ("rename", "names", "verdict"),
    [({"b": "a"}, ("uid", "a", "b"), SAME_ATTRIBUTE.on("a")), ({}, ("uid", "id_", "b"), RESERVED.on("id_"))],
    ids=["same-attribute", "unfit-name"],
)
def test_what_does_not_fit_is_a_fault_of_all_the_rows(rename: Any, names: Any, verdict: Any) -> None:
    shape = shapes(rename=rename).of(names)
    assert shape.faults == (verdict,)
    assert set(named(shape)) == (set() if rename else {"b"})


def test_columns_that_the_rows_lack() -> None:
    compiled = compile_attributes({"x": "a", "y": "gone"}, rules())
    shape = Shapes(rules(), {"one": "uid", "other": "mail"}, compiled).of(("uid", "a"))
    assert (shape.user, shape.missing) == ((("one", "uid"),), {"y": MISSING_COLUMN.on("gone")})
    assert shape.notes == (("other", "row without this credential's column"),)
    assert shape.unnamed is None
    assert Shapes(rules(), {"one": "uid", "other": "mail"}, compiled).of(("a",)).unnamed == MISSING_COLUMN.on("uid")


def test_of_a_name_that_comes_twice_the_last_column_counts() -> None:
    shape = shapes().of(("uid", "a", "uid", "a"))
    assert (shape.index, named(shape)) == ({"uid": 2, "a": 3}, {"a": "a"})


def test_the_attributes_of_all_shapes_so_far() -> None:
    known = shapes()
    known.of(("uid", "a"))
    known.of(("uid", "b", "a", "id_"))
    assert known.attributes == ("a", "b")


def test_a_shape_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = shapes()
    first = known.of(("uid", "a"))
    known.of(("uid", "b"))
    monkeypatch.setattr(module, "compile_attributes", None)
    assert known.of(("uid", "a")) is first
    assert known.of(("uid", "a")) is first

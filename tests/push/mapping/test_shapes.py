# SPDX-License-Identifier: Apache-2.0
"""Which attributes rows have whose columns nobody has named."""

from __future__ import annotations

from typing import Any

import pytest
from push.mapping.any_rules import RESERVED, rules

from airflow_provider_userattrs.push.mapping import shapes as module
from airflow_provider_userattrs.push.mapping.shapes import SAME_ATTRIBUTE, Shapes
from airflow_provider_userattrs.push.model.errors import InvalidRow


def shapes(**options: Any) -> Shapes:
    given: dict[str, Any] = {"exclude": (), "rename": {}, "no_attributes": (), **options}
    return Shapes(rules(), {"id": "uid"}, **given)


def named(columns: Any) -> dict[str, str]:
    return {name: column for name, column, _ in columns}


def test_every_column_but_the_users_is_an_attribute() -> None:
    known = shapes(exclude=["b"], rename={"c": "d"}, no_attributes=["key"])
    assert named(known.columns_of(("uid", "a", "b", "c", "KEY"))) == {"a": "a", "d": "c"}
    assert known.left_out == ("key",)


def test_a_column_that_names_the_user_is_an_attribute_if_it_is_renamed() -> None:
    assert named(shapes(rename={"uid": "id"}).columns_of(("uid", "a"))) == {"id": "uid", "a": "a"}


@pytest.mark.parametrize(
    ("rename", "names", "verdict"),
    [({"b": "a"}, ("uid", "a", "b"), SAME_ATTRIBUTE.on("a")), ({}, ("uid", "id_", "b"), RESERVED.on("id_"))],
    ids=["same-attribute", "unfit-name"],
)
def test_what_does_not_fit_is_refused_and_can_be_left_out(rename: Any, names: Any, verdict: Any) -> None:
    known = shapes(rename=rename)
    with pytest.raises(InvalidRow) as raised:
        known.columns_of(names)
    assert raised.value.verdict == verdict
    fit, faults = known.fit_columns_of(names)
    assert list(faults.values()) == [verdict]
    assert set(named(fit)) == (set() if rename else {"b"})


def test_a_shape_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = shapes()
    first = known.columns_of(("uid", "a"))
    known.columns_of(("uid", "b"))
    monkeypatch.setattr(module, "compile_attributes", None)
    assert known.columns_of(("uid", "a")) is first
    assert known.columns_of(("uid", "a")) is first

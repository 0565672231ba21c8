# SPDX-License-Identifier: Apache-2.0
"""Values that are added to arrays and removed from them: https://www.moengage.com/docs/api/user/track-user."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.vendors.moengage import api as moengage

FIELDS = {"add": "addValueToArrayField", "remove": "removeValueFromArrayField"}


@pytest.fixture(params=FIELDS)
def operation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sent(become: Any, operation: str) -> Any:
    """Return a function from a row's columns to the arrays of its request, or the verdict that refuses it."""

    def send(row: dict[str, Any], **options: Any) -> Any:
        body = become(moengage.set_attributes(operation, **options), {"customer_id": "id"}, {"id": "john", **row})
        if isinstance(body, Verdict):
            return body
        content = json.loads(body)
        assert set(content) == {"type", "customer_id", "attributes"}
        assert set(content["attributes"]) == {FIELDS[operation]}
        return content["attributes"][FIELDS[operation]]

    return send


@pytest.mark.parametrize(
    ("value", "array"),
    [
        (["abc", "def"], ["abc", "def"]),
        (("a",), ["a"]),
        ("abc", ["abc"]),
        (5, [5]),
        (1.5, [1.5]),
        ([1, Decimal("2.5")], [1, 2.5]),
        (date(2020, 5, 31), ["2020-05-31"]),
        (datetime(2020, 5, 31, 3, 47, 35, tzinfo=timezone.utc), ["2020-05-31T03:47:35Z"]),
        (UUID(int=1), ["00000000-0000-0000-0000-000000000001"]),
    ],
    ids=repr,
)
def test_a_list_or_one_value(sent: Any, value: Any, array: Any) -> None:
    assert sent({"tags": value, "more": ["x"]}) == {"tags": array, "more": ["x"]}


@pytest.mark.parametrize("nothing", [[], (), None])
def test_nothing_to_add_is_left_out(sent: Any, nothing: Any) -> None:
    assert sent({"tags": nothing, "more": ["x"]}) == {"more": ["x"]}
    assert sent({"tags": nothing}).code == "nothing-to-set"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "list-of-booleans"),
        ([True, False], "list-of-booleans"),
        (["a", 1], "mixed-list"),
        (["x"] * 51, "list-too-long"),
        ({"a": 1}, "type"),
        ([{"a": 1}], "type"),
        (float("nan"), "not-a-number"),
    ],
    ids=["boolean", "booleans", "mixed", "long", "object", "objects", "nan"],
)
def test_what_an_array_cannot_hold(sent: Any, value: Any, code: str) -> None:
    verdict = sent({"tags": value})
    assert isinstance(verdict, Verdict)
    assert (verdict.code, verdict.attribute, verdict.remedy.endswith(".")) == (code, "tags", True)


def test_long_texts_and_lists_are_sent_where_the_author_says_so(sent: Any) -> None:
    assert sent({"tags": ["x"] * 51}, check_size=False) == {"tags": ["x"] * 51}


@pytest.mark.parametrize("name", ["platforms", "email", "age", "moe_unsubscribe", "created_time", "moe_geo_location"])
def test_standard_attributes_are_no_arrays(sent: Any, name: str) -> None:
    assert (sent({name: ["x"]}).code, sent({name: ["x"]}).attribute) == ("no-array", name)


@pytest.mark.parametrize("name", ["status", "_id", "moe_tier"])
def test_reserved_names(sent: Any, name: str) -> None:
    assert sent({name: ["x"]}).code == "reserved-name"


def test_what_may_be_repeated() -> None:
    operations = moengage.OPERATIONS
    assert [operations[name].idempotent for name in ("set", "add", "remove")] == [True, False, True]
    assert [operations[name].overwrites for name in ("set", "add", "remove")] == [True, False, False]
    assert [operations[name].refresh_after is None for name in ("set", "add", "remove")] == [False, True, True]

# SPDX-License-Identifier: Apache-2.0
"""EngageLab's three operators: what each of them makes EngageLab hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")


def stored(control: Any, euid: int = 1) -> Any:
    return control.user("engagelab", euid)


def test_every_other_column(push: Callable[..., Any], control: Any) -> None:
    run = push([{"euid": 1, "name": "Ada", "age": 36, "vip": True, "tags": ["a", "b"], "none": None}])
    assert run.counts == {"accepted": 1}
    assert stored(control)["properties"] == {"name": "Ada", "age": 36, "vip": True, "tags": ["a", "b"]}


def test_a_list_of_columns(push: Callable[..., Any], control: Any) -> None:
    push([{"euid": 1, "name": "Ada", "secret": "x"}], attributes=["name"])
    assert stored(control)["properties"] == {"name": "Ada"}


def test_renamed_constant_and_hashed(push: Callable[..., Any], control: Any) -> None:
    attributes = {"first_name": "name", "source": Constant("crm"), "email_sha256": Hashed("email")}
    push([{"euid": 1, "name": "Ada", "email": " Ada@Example.com "}], attributes=attributes)
    assert stored(control)["properties"] == {
        "first_name": "Ada",
        "source": "crm",
        "email_sha256": sha256(b"ada@example.com").hexdigest(),
    }


def test_another_column_for_the_user(push: Callable[..., Any], control: Any) -> None:
    push([{"id": "1", "euid": "not the user"}], euid="id")
    assert stored(control)["properties"] == {"euid": "not the user"}


def test_values(push: Callable[..., Any], control: Any) -> None:
    row = {
        "euid": 1,
        "moment": datetime(2023, 12, 12, 0, 56, 23),
        "day": date(2023, 12, 12),
        "exact": Decimal("12345678901234.10"),
        "float": 46.2,
        "unicode": "健太 \x00 {{ ds }}",
    }
    push([row], timezone="Europe/Berlin")
    assert stored(control)["properties"] == {
        "moment": "2023-12-12 00:56:23",
        "day": "2023-12-12 00:00:00",
        "exact": 12345678901234.10,
        "float": 46.2,
        "unicode": "健太 \x00 {{ ds }}",
    }


@pytest.mark.parametrize(
    ("operation", "values", "result"),
    [("set", [1, 5], 5), ("increase", [1, 5], 6), ("add", ["a", ["b", "c"]], ["a", "b", "c"])],
)
def test_operations(push: Callable[..., Any], control: Any, operation: str, values: list[Any], result: Any) -> None:
    run = push([{"euid": 1, "x": value} for value in values], operation=operation)
    assert run.counts == {"accepted": 2}
    assert stored(control)["properties"] == {"x": result}
    assert [change["type"] for change in stored(control)["history"]] == [operation] * 2


def test_remove(push: Callable[..., Any], control: Any) -> None:
    push([{"euid": 1, "x": ["a", "b", "c"]}], operation="add")
    push([{"euid": 1, "x": ["a", "c"]}], operation="remove")
    assert stored(control)["properties"] == {"x": ["b"]}


@pytest.mark.parametrize("value", [1.5, "1", True, "x", ["1"]])
def test_increase_takes_whole_numbers_only(push: Callable[..., Any], control: Any, value: Any) -> None:
    run = push([{"euid": 1, "x": value}, {"euid": 2, "x": 1}], operation="increase")
    assert run.counts == {"accepted": 1, "invalid": 1}
    assert stored(control) is None


@pytest.mark.parametrize("value", [2.0, Decimal("2"), Decimal("2.00")])
def test_a_whole_number_is_one_whatever_its_type(push: Callable[..., Any], control: Any, value: Any) -> None:
    push([{"euid": 1, "x": value}], operation="increase")
    assert stored(control)["properties"] == {"x": 2}


def test_contacts(push: Callable[..., Any], control: Any) -> None:
    rows = [{"euid": 1, "mail": "ada@example.com", "phone": "+49301", "name": "Ada"}]
    push(rows, EngageLabSetContactsOperator, contacts={"email": "mail", "mobile_phone": "phone"})
    assert stored(control)["contacts"] == {"email": "ada@example.com", "mobile_phone": "+49301"}
    assert stored(control)["properties"] == {}


def test_contacts_are_text(push: Callable[..., Any], control: Any) -> None:
    rows = [{"euid": 1, "mobile_phone": 49301}, {"euid": 2, "mobile_phone": ""}, {"euid": 3, "mobile_phone": None}]
    run = push([*rows, {"euid": 4, "mobile_phone": "+49301"}], EngageLabSetContactsOperator, contacts=["mobile_phone"])
    assert run.counts == {"accepted": 1, "invalid": 2, "skipped": 1}


def test_a_contact_that_somebody_else_has(push: Callable[..., Any], control: Any) -> None:
    control.switch(engagelab__duplicate_contact=True)
    rows = [{"euid": euid, "email": "ada@example.com"} for euid in (1, 2)]
    run = push(rows, EngageLabSetContactsOperator, contacts=["email"], concurrency=1)
    assert run.counts == {"accepted": 1, "rejected": 1}
    assert run.report["reasons"][0]["code"] == "55014"


def test_unset(push: Callable[..., Any], control: Any) -> None:
    push([{"euid": 1, "a": 1, "b": 2, "c": 3}, {"euid": 2, "a": 1}])
    run = push([{"euid": 1, "a": "ignored"}, {"euid": 2}], EngageLabUnsetAttributesOperator, attributes=["a", "c"])
    assert run.counts == {"accepted": 2}
    assert (stored(control)["properties"], stored(control, 2)["properties"]) == ({"b": 2}, {})


def test_unset_sends_no_empty_value(push: Callable[..., Any], control: Any) -> None:
    """What stands for a deleted value is documented nowhere; an empty one is refused (55103)."""
    control.switch(engagelab__delete_checks_value=True)
    push([{"euid": 1, "a": 1}])
    assert push([{"euid": 1}], EngageLabUnsetAttributesOperator, attributes=["a"]).counts == {"accepted": 1}


NO_EUIDS = [True, False, "x", " 1", "", None, 1.5, 2**63, [1]]


@pytest.mark.parametrize(
    ("operator", "more"),
    [
        (EngageLabSetAttributesOperator, {"attributes": ["a"]}),
        (EngageLabSetContactsOperator, {"contacts": {"email": "a"}}),
        (EngageLabUnsetAttributesOperator, {"attributes": ["a"]}),
    ],
)
def test_an_euid_is_an_integer(push: Callable[..., Any], control: Any, operator: Any, more: dict[str, Any]) -> None:
    run = push([{"euid": euid, "a": "x"} for euid in NO_EUIDS], operator, **more)
    assert run.counts == {"invalid": len(NO_EUIDS)}
    assert control.journal() == []


@pytest.mark.parametrize("euid", ["1", 1.0, Decimal(1), Decimal("1.0")])
def test_an_euid_that_is_one(push: Callable[..., Any], control: Any, euid: Any) -> None:
    push([{"euid": euid, "a": 1}])
    assert stored(control)["properties"] == {"a": 1}


@pytest.mark.parametrize("status", ["ok", "mapped"])
def test_the_http_status_of_a_refusal_makes_no_difference(push: Callable[..., Any], control: Any, status: str) -> None:
    control.switch(engagelab__http_status=status, engagelab__any_user=False)
    control.seed("engagelab", [1])
    run = push([{"euid": 1, "a": 1}, {"euid": 2, "a": 1}])
    assert run.counts == {"accepted": 1, "rejected": 1}
    assert run.report["reasons"][0]["code"] == "55108"


def test_no_other_user_is_changed_by_a_float(push: Callable[..., Any], control: Any) -> None:
    """A data frame makes floats of an integer column with a gap: 123456789012345678 arrives as one that is 2 more."""
    run = push([{"euid": float(123456789012345678), "a": 1}, {"euid": 1, "a": 1}])
    assert run.counts == {"accepted": 1, "invalid": 1}
    assert run.report["reasons"][0]["code"] == "inexact-integer"
    assert list(control.users("engagelab")) == ["1"]


def test_a_blank_text_is_not_hashed(push: Callable[..., Any], control: Any) -> None:
    rows = [{"euid": 1, "m": " "}, {"euid": 2, "m": "a@b"}]
    run = push(rows, attributes={"mail": Hashed("m")})
    assert run.counts == {"accepted": 1, "skipped": 1}

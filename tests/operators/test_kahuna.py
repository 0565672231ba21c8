# SPDX-License-Identifier: Apache-2.0
"""Kahuna's two operators: what each of them makes Kahuna hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.fixture
def push(airflow: Any, control: Any) -> Callable[..., Any]:
    control.seed("kahuna", [{"username": "ada", "email": "ada@example.com"}, {"username": "bob"}])

    def push(rows: Any, operator: Any = KahunaSetAttributesOperator, **parameters: Any) -> Any:
        return airflow.run(lambda: operator(task_id="push", users=rows, **{"target": ["username"], **parameters}))

    return push


def stored(control: Any, name: str = "ada", environment: str = "p") -> Any:
    return control.user("kahuna", name, environment=environment)["attributes"]


def test_every_other_column(push: Callable[..., Any], control: Any) -> None:
    run = push([{"username": "ada", "name": "Ada", "age": 36, "vip": True, "none": None}])
    assert run.counts == {"accepted": 1}
    assert stored(control) == {"name": "Ada", "age": 36, "vip": True}


def test_columns_of_the_target_are_not_sent_as_attributes(push: Callable[..., Any], control: Any) -> None:
    push([{"username": "ada", "email": "ada@example.com", "a": 1}], target=["username", "email"])
    assert stored(control) == {"a": 1}


def test_the_first_credential_that_matches(push: Callable[..., Any], control: Any) -> None:
    rows = [{"username": "nobody", "email": "ada@example.com", "a": 1}, {"username": "bob", "email": "x@y", "a": 2}]
    assert push(rows, target=["username", "email"]).counts == {"accepted": 2}
    assert (stored(control)["a"], stored(control, "bob")["a"]) == (1, 2)


def test_the_order_of_the_target_is_kept(push: Callable[..., Any], control: Any) -> None:
    row = {"username": "bob", "email": "ada@example.com", "a": 1}
    push([row], target=["email", "username"])
    assert (stored(control), stored(control, "bob")) == ({"a": 1}, {})


def test_a_target_by_other_names(push: Callable[..., Any], control: Any) -> None:
    row = {"login": "nobody", "mail": "ada@example.com", "a": 1}
    push([row], target={"username": "login", "email": "mail"})
    assert stored(control) == {"a": 1}


def test_credentials_that_are_null_are_left_out(push: Callable[..., Any], control: Any) -> None:
    rows = [
        {"username": None, "email": "ada@example.com", "a": 1},
        {"username": "", "email": None, "a": 1},
    ]
    run = push(rows, target=["username", "email"])
    assert run.counts == {"accepted": 1, "invalid": 1}


@pytest.mark.parametrize(("nulls", "left"), [("skip", {"a": 1, "b": 2, "c": 3}), ("unset", {"b": 2, "c": 3})])
def test_what_a_null_means(push: Callable[..., Any], control: Any, nulls: str, left: dict[str, int]) -> None:
    push([{"username": "ada", "a": 1, "b": 2}])
    run = push([{"username": "ada", "a": None, "c": 3}], nulls=nulls)
    assert run.counts == {"accepted": 1}
    assert stored(control) == left


def test_a_row_of_nulls(push: Callable[..., Any], control: Any) -> None:
    push([{"username": "ada", "a": 1}])
    assert push([{"username": "ada", "a": None}]).counts == {"skipped": 1}
    assert stored(control) == {"a": 1}
    assert push([{"username": "ada", "a": None}], nulls="unset").counts == {"accepted": 1}
    assert stored(control) == {}


def test_values(push: Callable[..., Any], control: Any) -> None:
    row = {
        "username": "ada",
        "moment": datetime(2006, 3, 21, 12, 30, tzinfo=timezone.utc),
        "day": date(1995, 3, 21),
        "exact": Decimal("0.10"),
        "whole": Decimal("10"),
        "float": 0.1,
        "unicode": "健太 {{ ds }}",
        "constant": "no",
    }
    push([row], attributes={**{name: name for name in row if name != "username"}, "constant": Constant(True)})
    assert stored(control) == {
        "moment": "2006/03/21 12:30",
        "day": "1995/03/21",
        "exact": "0.10",
        "whole": 10,
        "float": "0.1",
        "unicode": "健太 {{ ds }}",
        "constant": True,
    }


@pytest.mark.parametrize(
    ("value", "status"),
    [("x" * 2048, "accepted"), ("x" * 2049, "invalid"), ("ö" * 1024, "accepted"), ("ö" * 1025, "invalid")],
)
def test_values_are_limited_in_bytes(push: Callable[..., Any], control: Any, value: str, status: str) -> None:
    run = push([{"username": "ada", "a": value}, {"username": "bob", "a": 1}])
    assert run.report[status] == (2 if status == "accepted" else 1)
    assert len(control.journal()) == 1


def test_oversize_may_be_sent(push: Callable[..., Any], control: Any) -> None:
    run = push([{"username": "ada", "a": "x" * 2049}, {"username": "bob", "a": 1}], oversize="send")
    assert run.counts == {"accepted": 1, "rejected": 1}


def test_a_hundred_users_a_request(push: Callable[..., Any], control: Any) -> None:
    control.seed("kahuna", [{"username": f"u{number}"} for number in range(250)])
    run = push([{"username": f"u{number}", "a": number} for number in range(250)])
    assert run.counts == {"accepted": 250}
    assert sorted(request["rows"] for request in control.journal()) == [50, 100, 100]
    assert [stored(control, f"u{number}")["a"] for number in range(250)] == list(range(250))


def test_the_sentence_of_the_issue(push: Callable[..., Any], control: Any) -> None:
    control.seed("kahuna", [{"username": f"u{number}"} for number in range(1_988)])
    rows = [{"username": f"u{number}", "a": 1} for number in range(1_988)]
    rows += [{"username": f"ghost{number}", "a": 1} for number in range(9)]
    rows += [{"username": f"u{number}", "a": "x" * 3_000} for number in range(3)]
    run = push(rows)
    assert run.report["warning"] == (
        "12 of 2,000 users were not updated at Kahuna: 9 x User not found (404), 3 x value over 2,048 bytes on a"
    )


def test_unset(push: Callable[..., Any], control: Any) -> None:
    push([{"username": "ada", "a": 1, "b": 2, "c": 3}])
    rows = [{"username": "ada", "b": "ignored"}, {"username": "nobody"}]
    run = push(rows, KahunaUnsetAttributesOperator, attributes=["a", "c"])
    assert run.counts == {"accepted": 1, "rejected": 1}
    assert stored(control) == {"b": 2}


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_environments_are_apart(
    push: Callable[..., Any], connections: Callable[..., None], control: Any, environment: str
) -> None:
    control.seed("kahuna", [{"username": "ada"}], "s")
    connections("kahuna", extra={"environment": environment})
    assert push([{"username": "ada", "a": 1}]).counts == {"accepted": 1}
    assert stored(control, "ada", "p") == ({"a": 1} if environment == "production" else {})
    assert stored(control, "ada", "s") == ({"a": 1} if environment == "sandbox" else {})


def test_users_that_share_a_credential_stay_in_their_order(push: Callable[..., Any], control: Any) -> None:
    rows = [
        {"username": "ada", "email": None, "a": 1},
        {"username": None, "email": "ada@example.com", "a": 2},
        {"username": "ada", "email": "ada@example.com", "a": 3},
        {"username": "nobody", "email": "ada@example.com", "a": 4},
    ]
    assert push(rows, target=["username", "email"]).counts == {"accepted": 4}
    assert stored(control) == {"a": 4}


def test_a_row_that_lacks_one_of_several_keys_is_found_by_the_other(push: Callable[..., Any], control: Any) -> None:
    """An export of JSON may leave out what is NULL."""
    control.seed("kahuna", [{"username": "ada", "email": "a@b"}, {"username": "bob", "email": "b@b"}])
    rows = [{"username": "ada", "email": "a@b", "x": 1}, {"email": "b@b", "x": 2}, {"x": 3}]
    run = push(rows, target=["username", "email"])
    assert run.counts == {"accepted": 2, "invalid": 1}
    assert run.report["reasons"][0]["code"] == "missing-column"
    assert stored(control, "bob") == {"x": 2}
    assert [(note["attribute"], note["note"], note["count"]) for note in run.report["notes"]] == [
        ("username", "row without this credential's column", 1)
    ]

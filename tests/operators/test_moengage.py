# SPDX-License-Identifier: Apache-2.0
"""MoEngage's two operators: what each of them makes MoEngage hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.fixture
def push(airflow: Any, control: Any) -> Callable[..., Any]:
    def push(rows: Any, operator: Any = MoEngageSetAttributesOperator, **parameters: Any) -> Any:
        return airflow.run(lambda: operator(task_id="push", users=rows, **parameters))

    return push


def found(control: Any, customer_id: str = "ada") -> Any:
    user = control.user("moengage", customer_id)
    return None if user is None else user["attributes"]


def test_every_other_column(push: Callable[..., Any], control: Any) -> None:
    run = push([{"customer_id": "ada", "name": "Ada", "points": 20, "vip": True, "tags": ["a"], "none": None}])
    assert run.counts == {"accepted": 1}
    assert found(control) == {"name": "Ada", "points": 20, "vip": True, "tags": ["a"]}


def test_another_column_for_the_user(push: Callable[..., Any], control: Any) -> None:
    push([{"key": "ada", "customer_id": "not the user"}], customer_id="key", attributes={"old": "customer_id"})
    assert found(control) == {"old": "not the user"}


def test_values(push: Callable[..., Any], control: Any) -> None:
    zone = timezone(timedelta(hours=2))
    row = {
        "customer_id": "ada",
        "aware": datetime(2019, 5, 21, 5, 47, 35, tzinfo=zone),
        "naive": datetime(2019, 5, 21, 5, 47, 35),
        "day": date(2020, 5, 31),
        "exact": Decimal("12.30"),
        "dates": [date(2020, 5, 31)],
        "moe_geo_location": {"lat": 12.11, "lon": Decimal("123.122")},
        "platforms": [{"platform": "ANDROID", "active": True}],
        "unicode": "健太 {{ ds }}",
    }
    assert push([row], timezone="Asia/Tokyo").counts == {"accepted": 1}
    user = control.user("moengage", "ada")
    assert user["attributes"] == {
        "aware": "2019-05-21T03:47:35Z",
        "naive": "2019-05-20T20:47:35Z",
        "day": "2020-05-31",
        "exact": 12.3,
        "dates": ["2020-05-31"],
        "moe_geo_location": {"lat": 12.11, "lon": 123.122},
        "platforms": [{"platform": "ANDROID", "active": "true"}],
        "unicode": "健太 {{ ds }}",
    }
    assert {user["types"][name] for name in ("aware", "naive", "day")} == {"date"}


@pytest.mark.parametrize(("nulls", "left"), [("skip", {"a": 1, "b": 2, "c": 3}), ("unset", {"b": 2, "c": 3})])
def test_what_a_null_means(push: Callable[..., Any], control: Any, nulls: str, left: dict[str, int]) -> None:
    push([{"customer_id": "ada", "a": 1, "b": 2}])
    assert push([{"customer_id": "ada", "a": None, "c": 3}], nulls=nulls).counts == {"accepted": 1}
    assert found(control) == left


DAMAGED = [
    ({"a": "x" * 513}, {"a": "x" * 512}),
    ({"x" * 201: 1}, {"x" * 200: 1}),
    ({"a": ["x"] * 51}, {"a": ["x"] * 50}),
]


@pytest.mark.parametrize(("values", "stored"), DAMAGED, ids=["long value", "long name", "long list"])
def test_what_moengage_would_cut_is_not_sent_unless_wanted(
    push: Callable[..., Any], control: Any, values: dict[str, Any], stored: dict[str, Any]
) -> None:
    rows = [{"customer_id": "ada", **values}]
    assert push(rows).counts == {"invalid": 1}
    assert control.journal() == []
    assert push(rows, oversize="send").counts == {"accepted": 1}
    assert found(control) == stored


@pytest.mark.parametrize("name", ["id", "_id", ""])
def test_reserved_names_of_a_row(push: Callable[..., Any], control: Any, name: str) -> None:
    run = push([{"customer_id": "ada", name: 1}, {"customer_id": "bob", "a": 1}])
    assert run.counts == {"accepted": 1, "invalid": 1}
    assert found(control) is None


@pytest.mark.parametrize("customer_id", ["guest", "NULL", "0", "", "x", None, True, 1.5, ["ada"]])
def test_blocked_customer_ids(push: Callable[..., Any], control: Any, customer_id: Any) -> None:
    run = push([{"customer_id": customer_id, "a": 1}, {"customer_id": "bob", "a": 1}])
    assert run.counts == {"accepted": 1, "invalid": 1}
    assert list(control.users("moengage")) == ["bob"]


@pytest.mark.parametrize("existing", [True, False])
def test_update_existing_only(push: Callable[..., Any], control: Any, existing: bool) -> None:
    control.seed("moengage", ["ada"])
    rows = [{"customer_id": "ada", "a": 1}, {"customer_id": "bob", "a": 1}]
    assert push(rows, update_existing_only=existing).counts == {"accepted": 2}
    assert list(control.users("moengage")) == (["ada"] if existing else ["ada", "bob"])


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({}, {"VIP", "vip_since", "x"}),
        ({"case_sensitive": False}, {"vip_since", "x"}),
        ({"match": "prefix"}, {"VIP", "x"}),
        ({"match": "suffix"}, {"VIP", "vip_since", "x"}),
        ({"match": "contains", "case_sensitive": False}, {"x"}),
    ],
)
def test_unset(push: Callable[..., Any], control: Any, options: dict[str, Any], left: set[str]) -> None:
    push([{"customer_id": "ada", "vip": 1, "VIP": 1, "vip_since": 1, "x": 1}])
    rows = [{"customer_id": "ada", "vip": "ignored"}]
    assert push(rows, MoEngageUnsetAttributesOperator, attributes=["vip"], **options).counts == {"accepted": 1}
    assert set(found(control)) == left


@pytest.mark.parametrize("parts", [["i"], ["_i"]])
def test_a_part_of_a_reserved_name_is_no_reserved_name(
    push: Callable[..., Any], control: Any, parts: list[str]
) -> None:
    rows = [{"customer_id": "ada"}]
    run = push(rows, MoEngageUnsetAttributesOperator, attributes=parts, match="prefix")
    assert run.state == "success"


def test_an_update_over_the_limit(push: Callable[..., Any], control: Any) -> None:
    row = {"customer_id": "ada", **{f"a{number}": "x" * 512 for number in range(250)}}
    run = push([row, {"customer_id": "bob", "a": 1}])
    assert run.counts == {"accepted": 1, "invalid": 1}
    assert run.report["reasons"][0]["code"] == "request-too-large"


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("refused", "401"),
        ("blocked", "403"),
        ("suspended", "403"),
        ("temporarily-suspended", "403"),
        ("no-secret", "409"),
        ("blacklisted", "400"),
    ],
)
def test_an_account_in_trouble_fails_for_good(push: Callable[..., Any], control: Any, account: str, code: str) -> None:
    control.switch(moengage__account=account)
    run = push([{"customer_id": f"user{number}", "a": 1} for number in range(100)], concurrency=1)
    assert run.state == "failed"
    assert code in str(run.error)
    assert run.counts == {"unsent": 100}
    assert len(control.journal()) <= 2


def test_accepted_means_queued(push: Callable[..., Any], control: Any) -> None:
    control.switch(moengage__queued=True)
    run = push([{"customer_id": "ada", "a": 1}])
    assert run.counts == {"accepted": 1}
    assert "queued" in run.report["accepted_means"]
    assert found(control) is None
    control.post("flush")
    assert found(control) == {"a": 1}


@pytest.mark.parametrize("name", ["status", "user_id", "moe_tier", "id"])
def test_a_name_that_moengage_keeps_for_itself_is_not_sent(push: Callable[..., Any], control: Any, name: str) -> None:
    run = push([{"customer_id": "ada", name: "gold"}])
    assert run.counts == {"invalid": 1}
    assert (run.report["reasons"][0]["code"], list(run.report["reasons"][0]["attributes"])) == ("reserved-name", [name])
    assert control.journal() == []
    assert push([{"customer_id": "ada", name: "gold"}], attributes={"plan": name}).counts == {"accepted": 1}
    assert found(control) == {"plan": "gold"}


def test_standard_attributes_arrive_in_their_types_and_it_is_noted(push: Callable[..., Any], control: Any) -> None:
    run = push([{"customer_id": "ada", "moe_unsubscribe": "true", "mobile": 919876543210.0, "age": "44"}])
    assert found(control) == {"moe_unsubscribe": True, "mobile": "919876543210", "age": 44}
    assert {(note["attribute"], note["note"], note["count"]) for note in run.report["notes"]} == {
        ("moe_unsubscribe", "value sent as a boolean", 1),
        ("mobile", "number sent as text", 1),
        ("age", "text sent as a number", 1),
    }


def test_an_odd_id_is_sent_and_noted(push: Callable[..., Any], control: Any) -> None:
    run = push([{"customer_id": id_, "a": 1} for id_ in (" ada", "ada\n", "undefined", "nan", "ada")])
    assert run.counts == {"accepted": 5}
    assert {(note["attribute"], note["note"], note["count"]) for note in run.report["notes"]} == {
        ("customer_id", "id with leading or trailing whitespace", 2),
        ("customer_id", "id that looks like a missing value", 2),
    }


@pytest.mark.parametrize("id_", [Decimal("10362473"), 10362473, 10362473.0, "10362473"], ids=repr)
def test_a_number_names_its_user_exactly(push: Callable[..., Any], control: Any, id_: Any) -> None:
    assert push([{"customer_id": id_, "a": 1}]).counts == {"accepted": 1}
    assert found(control, "10362473") == {"a": 1}


def test_the_last_request_s_id_of_a_push_that_failed_is_in_its_report(push: Callable[..., Any], control: Any) -> None:
    control.fault("moengage", {"code": "MissingAttributeError"}, {"users": ["bob"], "times": None})
    rows = [{"customer_id": "ada", "a": 1}, {"customer_id": "bob", "a": 1}]
    passed = push(rows, max_failed=1, concurrency=1)
    assert "request_id" not in passed.report
    failed = push(rows, max_failed=0, concurrency=1)
    request_id = failed.report["request_id"]
    assert len(request_id) == 8
    assert f"MoEngage's support finds the last request that it did not accept by its request_id, {request_id}" in (
        "\n".join(failed.log.texts)
    )


@pytest.mark.parametrize("name", ["city", "State", "country"])
def test_places_are_sent_and_it_is_noted_that_they_count_once(
    push: Callable[..., Any], control: Any, name: str
) -> None:
    run = push([{"customer_id": "ada", name: "Lisbon"}])
    assert found(control) == {name: "Lisbon"}
    [note] = run.report["notes"]
    assert (note["attribute"], note["count"]) == (name, 1)
    assert "only when it creates the user" in note["note"]

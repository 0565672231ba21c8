# SPDX-License-Identifier: Apache-2.0
"""MoEngageHook alone: one user a call, queued or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.vendors.moengage import api as moengage

CUSTOMER = "john@example.com"
BULK = moengage.set_attributes(bulk=True)


@pytest.fixture
def hook(sandbox_hook: Callable[..., Any], control: Any) -> Any:
    return sandbox_hook("moengage")


def attributes(control: Any, key: str = CUSTOMER) -> Any:
    stored = control.user("moengage", key)
    return None if stored is None else stored["attributes"]


def test_set_attributes(hook: Any, control: Any) -> None:
    values = {
        "points": 20,
        "super_user": True,
        "name": "Jürgen 健太",
        "platforms": [{"platform": "iOS", "active": True}],
    }
    assert str(hook.set_attributes(CUSTOMER, values).status) == "accepted"
    stored = attributes(control)
    assert stored["platforms"] == [{"platform": "iOS", "active": "true"}]
    assert {name: stored[name] for name in ("points", "super_user", "name")} == {
        "points": 20,
        "super_user": True,
        "name": "Jürgen 健太",
    }


def test_a_date_is_stored_as_a_date(hook: Any, control: Any) -> None:
    moment = datetime(2019, 5, 21, 5, 47, 35, tzinfo=timezone(timedelta(hours=2)))
    hook.set_attributes(CUSTOMER, {"expiry": moment, "local": moment.replace(tzinfo=None)}, timezone="Asia/Tokyo")
    stored = control.user("moengage", CUSTOMER)
    assert stored["attributes"] == {"expiry": "2019-05-21T03:47:35Z", "local": "2019-05-20T20:47:35Z"}
    assert set(stored["types"].values()) == {"date"}


def test_a_portfolio_s_project_goes_into_the_query(sandbox_hook: Any, control: Any) -> None:
    control.switch(moengage__projects=["brand/a"])
    verdict = sandbox_hook("moengage").set_attributes(CUSTOMER, {"a": 1})
    assert str(verdict.status) == "unsent"
    assert "project_code" in verdict.remedy
    hook = sandbox_hook("moengage", extra={"project_code": "brand/a"})
    assert str(hook.set_attributes(CUSTOMER, {"a": 1}).status) == "accepted"
    assert hook.destination == "moengage://SANDBOXWORKSPACE.brand%2Fa/users"
    assert hook.path_of(BULK) == "/v1/transition/SANDBOXWORKSPACE?app_id=SANDBOXWORKSPACE&project_code=brand%2Fa"


@pytest.mark.parametrize("code", [5.5, " a", "a\n"], ids=["number", "blank", "line break"])
def test_a_project_code_is_text_without_blanks(sandbox_hook: Any, code: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="project_code"):
        _ = sandbox_hook("moengage", extra={"project_code": code}).settings


def test_none_is_left_out(hook: Any, control: Any) -> None:
    assert str(hook.set_attributes(CUSTOMER, {"a": 1, "b": None}).status) == "accepted"
    assert attributes(control) == {"a": 1}
    assert str(hook.set_attributes(CUSTOMER, {"b": None}).status) == "skipped"


def test_update_existing_only(hook: Any, control: Any) -> None:
    assert str(hook.set_attributes(CUSTOMER, {"a": 1}, update_existing_only=True).status) == "accepted"
    assert attributes(control) is None
    control.seed("moengage", [CUSTOMER])
    hook.set_attributes(CUSTOMER, {"a": 1}, update_existing_only=True)
    assert attributes(control) == {"a": 1}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({}, {"VIP", "vip_since", "my_vip", "x"}),
        ({"case_sensitive": False}, {"vip_since", "my_vip", "x"}),
        ({"match": "prefix"}, {"VIP", "my_vip", "x"}),
        ({"match": "suffix"}, {"VIP", "vip_since", "x"}),
        ({"match": "contains"}, {"VIP", "x"}),
        ({"match": "contains", "case_sensitive": False}, {"x"}),
    ],
)
def test_unset_attributes(hook: Any, control: Any, options: dict[str, Any], left: set[str]) -> None:
    hook.set_attributes(CUSTOMER, {"vip": 1, "VIP": 1, "vip_since": 1, "my_vip": 1, "x": 1})
    assert str(hook.unset_attributes(CUSTOMER, ["vip"], **options).status) == "accepted"
    assert set(attributes(control)) == left


@pytest.mark.parametrize("match", ["regex", "", None])
def test_an_unknown_match(hook: Any, match: Any) -> None:
    with pytest.raises(ValueError, match=r"match.*equals.*prefix.*suffix.*contains"):
        hook.unset_attributes(CUSTOMER, ["vip"], match=match)


@pytest.mark.parametrize(("name", "match"), [("id", "equals"), ("", "equals"), ("", "prefix")])
def test_a_name_that_must_not_be_unset(hook: Any, control: Any, name: str, match: str) -> None:
    assert str(hook.unset_attributes(CUSTOMER, [name], match=match).status) == "invalid"


def test_a_single_name_is_not_read_as_its_letters(hook: Any, control: Any) -> None:
    hook.set_attributes(CUSTOMER, {"vip_since": 1, "valid": 2, "income": 3, "plan": 4})
    with pytest.raises((ValueError, TypeError)):
        hook.unset_attributes(CUSTOMER, "vip_", match="prefix")
    assert set(attributes(control)) == {"vip_since", "valid", "income", "plan"}


@pytest.mark.parametrize("customer_id", ["", "x", "guest", "NULL", " n/a ", None, True, 1.5, 1, b"ab"])
def test_an_id_that_moengage_blocks_is_not_sent(hook: Any, control: Any, customer_id: Any) -> None:
    assert str(hook.set_attributes(customer_id, {"a": 1}).status) == "invalid"
    assert str(hook.unset_attributes(customer_id, ["a"]).status) == "invalid"
    assert control.journal() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a", "x" * 513),
        ("a", ["x"] * 51),
        ("a", [1, "x"]),
        ("a", {"x": 1}),
        ("a", b"x"),
        ("a", float("nan")),
        ("x" * 201, 1),
        ("id", 1),
        ("_id", 1),
        ("", 1),
        ("created_time", "yesterday"),
        ("last_seen", "2019-02-30"),
        ("moe_geo_location", [12.1, 13.1]),
        ("platforms", "ANDROID"),
        ("platforms", [{"platform": "Symbian", "active": True}]),
    ],
)
def test_what_moengage_would_damage_silently_is_not_sent(hook: Any, control: Any, name: str, value: Any) -> None:
    verdict = hook.set_attributes(CUSTOMER, {name: value})
    assert str(verdict.status) == "invalid"
    assert verdict.remedy
    assert control.journal() == []


def test_a_payload_over_the_limit_is_not_sent(hook: Any, control: Any) -> None:
    verdict = hook.set_attributes(CUSTOMER, {f"a{number}": "x" * 512 for number in range(250)})
    assert str(verdict.status) == "invalid"
    assert control.journal() == []


def test_another_workspace_than_that_of_the_credentials(sandbox_hook: Callable[..., Any]) -> None:
    verdict = sandbox_hook("moengage", login="no-secret").set_attributes(CUSTOMER, {"a": 1})
    assert (str(verdict.status), verdict.code) == ("unsent", "409")


@pytest.mark.parametrize("body", ["", "[]", "<html>", '{"status": "queued"}', '{"status":'])
def test_a_200_without_success_is_unknown(hook: Any, control: Any, body: str) -> None:
    control.fault("moengage", {"status": 200, "body": body})
    assert str(hook.set_attributes(CUSTOMER, {"a": 1}).status) == "unknown"


def test_a_200_with_fail_is_rejected(hook: Any, control: Any) -> None:
    control.fault("moengage", {"status": 200, "body": '{"status": "fail", "error": {"message": "no"}}'})
    verdict = hook.set_attributes(CUSTOMER, {"a": 1})
    assert (str(verdict.status), verdict.detail) == ("rejected", "no")


def test_without_data_center_nothing_is_sent(hook_of: Callable[..., Any]) -> None:
    hook = hook_of("moengage")
    with pytest.raises(RefusedConfiguration, match="data_center"):
        hook.set_attributes(CUSTOMER, {"a": 1})
    with pytest.raises(RefusedConfiguration, match="data_center"):
        hook.unset_attributes(CUSTOMER, ["a"])


def test_in_a_task(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    from airflow_names import task

    @task
    def push() -> str:
        from airflow_provider_userattrs.hooks.moengage import MoEngageHook

        return str(MoEngageHook().set_attributes(CUSTOMER, {"a": 1}).status)

    assert airflow.run(push).reports["push"] == "accepted"
    assert attributes(control) == {"a": 1}

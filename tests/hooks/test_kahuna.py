# SPDX-License-Identifier: Apache-2.0
"""KahunaHook alone: up to 100 users a request, one verdict each in their order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration


@pytest.fixture
def hook(sandbox_hook: Callable[..., Any], control: Any) -> Any:
    control.seed("kahuna", [{"username": "ada", "email": "ada@example.com"}, {"username": "bob"}, {"username": "cyd"}])
    return sandbox_hook("kahuna")


def user(name: str, **attributes: Any) -> dict[str, Any]:
    return {"target": {"username": name}, "attributes": attributes}


def statuses(verdicts: list[Any]) -> list[str]:
    return [str(verdict.status) for verdict in verdicts]


def attributes(control: Any, name: str, environment: str = "p") -> Any:
    return control.user("kahuna", name, environment=environment)["attributes"]


def test_set_attributes(hook: Any, control: Any) -> None:
    assert statuses(hook.set_attributes([user("ada", age=44, vip=True, city="Århus")])) == ["accepted"]
    assert attributes(control, "ada") == {"age": 44, "vip": True, "city": "Århus"}


def test_one_verdict_each_in_their_order(hook: Any, control: Any) -> None:
    verdicts = hook.set_attributes(
        [user("ada", a=1), user("nobody", a=1), user("bob", a=b"x"), user("cyd", a=3), {"target": {}, "attributes": {}}]
    )
    assert statuses(verdicts) == ["accepted", "rejected", "invalid", "accepted", "invalid"]
    assert verdicts[1].code == "404"
    assert (attributes(control, "ada"), attributes(control, "bob"), attributes(control, "cyd")) == (
        {"a": 1},
        {},
        {"a": 3},
    )
    assert [request["rows"] for request in control.journal()] == [3]


def test_a_hundred_users(hook: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": f"u{number}"} for number in range(100)])
    verdicts = hook.set_attributes([user(f"u{number}", a=number) for number in range(100)])
    assert statuses(verdicts) == ["accepted"] * 100
    assert [attributes(control, f"u{number}")["a"] for number in range(100)] == list(range(100))
    assert len(control.journal()) == 1


def test_no_users(hook: Any, control: Any) -> None:
    assert hook.set_attributes([]) == []
    assert hook.unset_attributes([], ["a"]) == []
    assert control.journal() == []


def test_none_deletes(hook: Any, control: Any) -> None:
    hook.set_attributes([user("ada", a=1, b=2)])
    assert statuses(hook.set_attributes([user("ada", a=None)])) == ["accepted"]
    assert attributes(control, "ada") == {"b": 2}


def test_unset_attributes(hook: Any, control: Any) -> None:
    hook.set_attributes([user("ada", a=1, b=2), user("bob", a=1)])
    verdicts = hook.unset_attributes([{"username": "ada"}, {"username": "nobody"}, {"username": "bob"}], ["a"])
    assert statuses(verdicts) == ["accepted", "rejected", "accepted"]
    assert (attributes(control, "ada"), attributes(control, "bob")) == ({"b": 2}, {})


def test_the_first_credential_that_matches(hook: Any, control: Any) -> None:
    target = {"username": "nobody", "email": "ada@example.com"}
    assert statuses(hook.set_attributes([{"target": target, "attributes": {"a": 1}}])) == ["accepted"]
    assert attributes(control, "ada") == {"a": 1}


def test_dates_have_slashes(hook: Any, control: Any) -> None:
    moment = datetime(2006, 3, 21, 0, 0, tzinfo=timezone.utc)
    hook.set_attributes([user("ada", d=date(1995, 3, 21), t=moment, n=Decimal("0.10"), f=0.1)])
    assert attributes(control, "ada") == {"d": "1995/03/21", "t": "2006/03/21 00:00", "n": "0.10", "f": "0.1"}


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_environments_are_apart(sandbox_hook: Callable[..., Any], control: Any, environment: str) -> None:
    for short in ("p", "s"):
        control.seed("kahuna", [{"username": "ada"}], short)
    hook = sandbox_hook("kahuna", extra={"environment": environment})
    assert statuses(hook.set_attributes([user("ada", a=1)])) == ["accepted"]
    here, there = ("p", "s") if environment == "production" else ("s", "p")
    assert attributes(control, "ada", here) == {"a": 1}
    assert attributes(control, "ada", there) == {}


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"x", object(), float("inf"), "ä" * 1025, "lone \ud800"])
def test_a_value_of_an_unsupported_type_is_not_sent(hook: Any, control: Any, value: Any) -> None:
    (verdict,) = hook.set_attributes([user("ada", a=value)])
    assert (str(verdict.status), verdict.attribute) == ("invalid", "a")
    assert control.journal() == []


@pytest.mark.parametrize("value", [True, 1.5, ["ada"], {"a": 1}, None, ""])
def test_a_credential_of_an_unsupported_type_is_not_sent(hook: Any, control: Any, value: Any) -> None:
    for verdicts in (
        hook.set_attributes([{"target": {"username": value}, "attributes": {"a": 1}}]),
        hook.unset_attributes([{"username": value}], ["a"]),
    ):
        assert statuses(verdicts) == ["invalid"]
    assert control.journal() == []


def test_a_single_name_is_not_read_as_its_letters(hook: Any, control: Any) -> None:
    hook.set_attributes([user("ada", v=1, i=2, p=3, vip=4)])
    with pytest.raises((ValueError, TypeError)):
        hook.unset_attributes([{"username": "ada"}], "vip")
    assert attributes(control, "ada") == {"v": 1, "i": 2, "p": 3, "vip": 4}


def test_an_attribute_to_remove_without_a_name_is_not_sent(hook: Any, control: Any) -> None:
    assert statuses(hook.unset_attributes([{"username": "ada"}], [""])) == ["invalid"]


def test_a_refused_request(hook: Any, control: Any) -> None:
    control.fault("kahuna", {"status": 400})
    assert statuses(hook.set_attributes([user("ada", a=1), user("bob", a=1)])) == ["rejected", "rejected"]


@pytest.mark.parametrize("then", [{"short_array": 1}, {"body": "[]"}, {"body": "<html>"}, {"body": '{"success":true}'}])
def test_an_unreadable_response_is_unknown(hook: Any, control: Any, then: dict[str, Any]) -> None:
    control.fault("kahuna", then)
    assert statuses(hook.set_attributes([user("ada", a=1), user("bob", a=1)])) == ["unknown", "unknown"]


def test_an_unknown_environment_sends_nothing(sandbox_hook: Callable[..., Any], control: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="environment"):
        sandbox_hook("kahuna", extra={"environment": "test"}).set_attributes([user("ada", a=1)])
    assert control.journal() == []


def test_an_unknown_time_zone(hook: Any) -> None:
    with pytest.raises(ValueError, match="timezone"):
        hook.set_attributes([user("ada", a=1)], timezone="Mars/Olympus")


def test_in_a_task(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    from airflow_names import task

    control.seed("kahuna", [{"username": "ada"}])

    @task
    def push() -> list[str]:
        from airflow_provider_userattrs.hooks.kahuna import KahunaHook

        return statuses(KahunaHook().set_attributes([user("ada", a=1), user("nobody", a=1)]))

    assert airflow.run(push).reports["push"] == ["accepted", "rejected"]

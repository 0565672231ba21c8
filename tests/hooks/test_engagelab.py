# SPDX-License-Identifier: Apache-2.0
"""EngageLabHook alone: one user a call, one verdict back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

EUID = 10362473


@pytest.fixture
def hook(sandbox_hook: Callable[..., Any], control: Any) -> Any:
    control.seed("engagelab", [EUID])
    return sandbox_hook("engagelab")


def stored(control: Any) -> Any:
    return control.user("engagelab", EUID)


@pytest.mark.parametrize(
    ("operation", "value", "result"),
    [("set", 46.2, 46.2), ("increase", 5, 5), ("add", ["a", "b"], ["a", "b"]), ("add", "a", ["a"])],
)
def test_set_attributes(hook: Any, control: Any, operation: str, value: Any, result: Any) -> None:
    verdict = hook.set_attributes(EUID, {"x": value}, operation=operation)
    assert str(verdict.status) == "accepted"
    assert stored(control)["properties"] == {"x": result}


def test_remove(hook: Any, control: Any) -> None:
    hook.set_attributes(EUID, {"x": ["a", "b"]}, operation="add")
    assert str(hook.set_attributes(EUID, {"x": "a"}, operation="remove").status) == "accepted"
    assert stored(control)["properties"] == {"x": ["b"]}


def test_set_is_the_default_operation(hook: Any, control: Any) -> None:
    hook.set_attributes(EUID, {"x": 1})
    hook.set_attributes(EUID, {"x": 2})
    assert stored(control)["properties"] == {"x": 2}


def test_a_time_is_written_as_the_page_has_it(hook: Any, control: Any) -> None:
    moment = datetime(2023, 12, 12, 0, 56, 23, tzinfo=timezone.utc)
    hook.set_attributes(str(EUID), {"x": moment, "y": moment.replace(tzinfo=None)}, timezone="Asia/Singapore")
    assert stored(control)["properties"] == {"x": "2023-12-12 08:56:23", "y": "2023-12-12 00:56:23"}


def test_none_is_left_out(hook: Any, control: Any) -> None:
    assert str(hook.set_attributes(EUID, {"x": 1, "y": None}).status) == "accepted"
    assert stored(control)["properties"] == {"x": 1}
    verdict = hook.set_attributes(EUID, {"y": None})
    assert str(verdict.status) == "skipped"


def test_set_contacts(hook: Any, control: Any) -> None:
    contacts = {"mobile_phone": "18023456879", "email": "12@gmail.com"}
    assert str(hook.set_contacts(EUID, contacts).status) == "accepted"
    assert stored(control)["contacts"] == contacts


def test_unset_attributes(hook: Any, control: Any) -> None:
    hook.set_attributes(EUID, {"x": 1, "y": 2, "z": 3})
    assert str(hook.unset_attributes(EUID, ["x", "z"]).status) == "accepted"
    assert stored(control)["properties"] == {"y": 2}


@pytest.mark.parametrize("euid", [True, "x", "", None, 1.5, 2**63, b"1"])
def test_an_euid_that_is_no_integer_is_not_sent(hook: Any, control: Any, euid: Any) -> None:
    for verdict in (
        hook.set_attributes(euid, {"x": 1}),
        hook.set_contacts(euid, {"email": "a@example.com"}),
        hook.unset_attributes(euid, ["x"]),
    ):
        assert str(verdict.status) == "invalid"
    assert control.journal() == []


@pytest.mark.parametrize(
    ("operation", "value"),
    [
        ("set", ""),
        ("set", []),
        ("set", float("nan")),
        ("set", {"a": 1}),
        ("set", b"x"),
        ("set", object()),
        ("set", "lone \ud800"),
        ("set", 2**70),
        ("increase", 1.5),
        ("increase", True),
        ("increase", "1"),
        ("add", 5),
        ("add", [1]),
        ("remove", ""),
    ],
)
def test_a_value_of_an_unsupported_type_is_not_sent(hook: Any, control: Any, operation: str, value: Any) -> None:
    verdict = hook.set_attributes(EUID, {"x": value}, operation=operation)
    assert str(verdict.status) == "invalid"
    assert verdict.attribute == "x"
    assert control.journal() == []


@pytest.mark.parametrize("value", [5, True, "", ["a"], 1.5])
def test_contacts_are_text(hook: Any, control: Any, value: Any) -> None:
    assert str(hook.set_contacts(EUID, {"email": value}).status) == "invalid"
    assert control.journal() == []


def test_an_attribute_without_a_name_is_not_sent(hook: Any, control: Any) -> None:
    assert str(hook.set_attributes(EUID, {"": 1}).status) == "invalid"
    assert control.journal() == []


def test_an_attribute_to_remove_without_a_name_is_not_sent(hook: Any, control: Any) -> None:
    assert str(hook.unset_attributes(EUID, ["x", ""]).status) == "invalid"
    assert control.journal() == []


def test_a_single_name_is_not_read_as_its_letters(hook: Any, control: Any) -> None:
    hook.set_attributes(EUID, {"v": 1, "i": 2, "p": 3, "vip": 4})
    with pytest.raises((ValueError, TypeError)):
        hook.unset_attributes(EUID, "vip")
    assert stored(control)["properties"] == {"v": 1, "i": 2, "p": 3, "vip": 4}


@pytest.mark.parametrize("operation", ["delete", "upsert", "", None])
def test_an_unknown_operation(hook: Any, operation: Any) -> None:
    with pytest.raises(ValueError, match=r"operation.*set.*increase.*add.*remove"):
        hook.set_attributes(EUID, {"x": 1}, operation=operation)


def test_an_unknown_time_zone(hook: Any) -> None:
    with pytest.raises(ValueError, match="timezone"):
        hook.set_attributes(EUID, {"x": 1}, timezone="Mars/Olympus")


def test_a_refusal_is_the_verdict(hook: Any, control: Any) -> None:
    verdict = hook.set_attributes(1, {"x": 1})
    assert (str(verdict.status), verdict.code) == ("rejected", "55108")
    assert verdict.remedy
    control.switch(engagelab__partial_success=True)
    assert str(hook.set_attributes(EUID, {"x": 1, "y": 2}).status) == "partial"
    assert str(hook.set_contacts(EUID, {"email": "a@example.com", "mobile_phone": "+49301"}).status) == "partial"


def test_in_a_task(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    from airflow_names import task

    control.seed("engagelab", [EUID])

    @task
    def push() -> str:
        from airflow_provider_userattrs.hooks.engagelab import EngageLabHook

        return str(EngageLabHook().set_attributes(EUID, {"x": "{{ ds }}"}).status)

    run = airflow.run(push)
    assert run.reports["push"] == "accepted"
    assert stored(control)["properties"] == {"x": "{{ ds }}"}

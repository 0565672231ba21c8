# SPDX-License-Identifier: Apache-2.0
"""EngageLabHook.register: ids in, EUIDs out, and a verdict for each id without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.hooks import EngageLabHook, Verdict


@pytest.fixture
def hook(sandbox_hook: Callable[..., Any], control: Any) -> Any:
    control.seed("engagelab", [{"euid": 7, "user_id": ["a", "b"], "registration_id": "c"}])
    return sandbox_hook("engagelab")


def test_known_and_new_users(hook: Any, control: Any) -> None:
    assert hook.register("user_id", ["a", "b", 1001]) == ({"a": 7, "b": 7, 1001: 10_000_001}, {})
    assert hook.register("registration_id", ["c"]) == ({"c": 7}, {})
    assert control.user("engagelab", "user_id=1001") is not None


def test_each_value_is_asked_for_once_100_in_a_request(hook: Any, control: Any) -> None:
    values = [f"u-{number}" for number in range(250)]
    euids, failed = hook.register("user_id", [*values, *values])
    assert (list(euids), failed) == (values, {})
    assert sorted(request["rows"] for request in control.journal("engagelab")) == [50, 100, 100]


def test_values_without_an_euid(hook: Any, control: Any) -> None:
    control.switch(engagelab__register_creates=False, engagelab__register_order="reversed")
    euids, failed = hook.register("user_id", ["z", "a", "", "b" * 257, None])
    assert euids == {"a": 7}
    assert {value: (str(verdict.status), verdict.code) for value, verdict in failed.items()} == {
        "z": ("rejected", "no-euid"),
        "": ("invalid", "identifier"),
        "b" * 257: ("invalid", "identifier"),
        None: ("invalid", "identifier"),
    }


def test_a_value_at_fault_is_found_among_the_others(hook: Any, control: Any) -> None:
    control.fault("engagelab", {"code": 55105}, {"users": ["u-33"], "times": None})
    euids, failed = hook.register("user_id", [f"u-{number}" for number in range(100)])
    assert len(euids) == 99
    assert {value: verdict.code for value, verdict in failed.items()} == {"u-33": "55105"}


def test_a_transient_failure_is_retried(hook: Any, control: Any) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "2"}}, {"next": 1})
    assert hook.register("user_id", ["a"]) == ({"a": 7}, {})
    assert len(control.journal("engagelab")) == 2


def test_a_list_of_one_kind_of_ids_gives_a_dict_of_that_kind(hook: EngageLabHook) -> None:
    """To a type checker too, by which each line here is checked: as docs/hooks.md returns them, in a typed task."""
    texts: list[str] = ["a", "z"]
    either: list[str | int] = ["b", 1002]
    by_text: dict[str, int] = hook.register("user_id", texts)[0]
    numbers: dict[int, int] = hook.register("user_id", [1001])[0]
    uuids: dict[UUID, int] = hook.register("user_id", [UUID(int=1)])[0]
    failed: dict[str | int, Verdict] = hook.register("user_id", either)[1]
    assert [list(each) for each in (by_text, numbers, uuids, failed)] == [["a", "z"], [1001], [UUID(int=1)], []]


def test_nothing_asked_for(hook: Any, control: Any) -> None:
    assert hook.register("user_id", []) == ({}, {})
    assert control.journal("engagelab") == []


def test_wrong_calls(hook: Any, control: Any) -> None:
    with pytest.raises(ValueError, match="use one of user_id, anonymous_id, registration_id"):
        hook.register("email", ["a"])
    for values in ("a", b"a", {"a": 1}, 5, None, [["a"]], [{"user_id": "a"}]):
        with pytest.raises(TypeError, match=r'call register\("user_id"'):
            hook.register("user_id", values)
    assert control.journal("engagelab") == []

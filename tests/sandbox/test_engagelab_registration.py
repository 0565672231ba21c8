# SPDX-License-Identifier: Apache-2.0
"""EngageLab's registration: what its page says, and a switch for each thing that the page leaves open."""

from __future__ import annotations

from typing import Any

import pytest

SUCCESS = {"code": 0, "message": "success"}


def code(answer: Any) -> int:
    return int((answer if isinstance(answer, dict) else answer.json())["code"])


def register(client: Any, *values: str, name: str = "user_id") -> list[tuple[Any, Any]]:
    """Register values; return what the data has of each."""
    answer = client.register({"identity_name": name, "identity_values": list(values)}).json()
    assert answer["code"] == 0
    return [(each["identity_value"], each["euid"]) for each in answer["data"]]


class TestRegister:
    def test_creates_users_and_tolerates_duplicates(self, client: Any, control: Any) -> None:
        control.seed("engagelab", 10_000_001)
        body = {"identity_name": "user_id", "identity_values": ["a", "b", "a"]}
        answer = client.register(body).json()
        found = [(each["identity_value"], each["euid"]) for each in answer["data"]]
        assert (answer["code"], found) == (0, [("a", 10_000_002), ("b", 10_000_003), ("a", 10_000_002)])
        assert client.set(10_000_002, x=1) == SUCCESS
        assert control.get("journal")["requests"][0]["rows"] == 3

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({}, 55004),
            ({"identity_name": "user_id", "identity_values": "a"}, 55004),
            ({"identity_name": "user_id", "identity_values": [5]}, 55004),
            ({"identity_name": "email", "identity_values": ["a"]}, 55106),
            ({"identity_name": "user_id", "identity_values": []}, 55107),
            ({"identity_name": "user_id", "identity_values": ["a", ""]}, 55107),
            ({"identity_name": "anonymous_id", "identity_values": ["a"] * 101}, 55101),
            ({"identity_name": "registration_id", "identity_values": ["a" * 257]}, 55105),
        ],
    )
    def test_errors(self, client: Any, body: Any, expected: int) -> None:
        assert code(client.register(body)) == expected

    def test_limits_themselves(self, client: Any) -> None:
        values = [f"{n:0256}" for n in range(100)]
        assert len(client.register({"identity_name": "user_id", "identity_values": values}).json()["data"]) == 100

    def test_lost(self, client: Any, control: Any) -> None:
        control.fault({"status": 200}, vendor="engagelab")
        body = {"identity_name": "user_id", "identity_values": ["a"]}
        assert client.register(body).json() == {"code": 0, "message": "success", "data": []}

    def test_identifiers_of_known_users(self, client: Any, control: Any) -> None:
        control.seed("engagelab", {"euid": 7, "user_id": ["a", "b"], "anonymous_id": "c"}, 8)
        assert register(client, "a", "b") == [("a", 7), ("b", 7)]
        assert register(client, "c", name="anonymous_id") == [("c", 7)]
        assert register(client, "c") == [("c", 10_000_001)]
        client.set(7, plan="gold")
        assert control.user("engagelab", "user_id=b")["properties"] == {"plan": "gold"}

    @pytest.mark.parametrize(
        "user", [{}, {"euid": 0}, {"euid": "7"}, {"euid": 7, "email": "a"}, {"euid": 7, "user_id": 5}], ids=str
    )
    def test_users_of_another_shape(self, control: Any, user: Any) -> None:
        answer = control.post("users", {"vendor": "engagelab", "users": [user]}, status=400)
        assert "objects with one and identifiers" in answer["error"]

    def test_a_fault_for_some_values(self, client: Any, control: Any) -> None:
        control.fault({"code": 55105}, {"users": ["b"]}, "engagelab")
        assert code(client.register({"identity_name": "user_id", "identity_values": ["a"]})) == 0
        assert code(client.register({"identity_name": "user_id", "identity_values": ["a", "b"]})) == 55105


class TestSwitches:
    def test_unknown_values_are_left_out(self, client: Any, control: Any) -> None:
        control.seed("engagelab", {"euid": 7, "user_id": "a"})
        control.switch(engagelab__register_creates=False)
        assert register(client, "z", "a") == [("a", 7)]

    def test_another_order(self, client: Any, control: Any) -> None:
        control.switch(engagelab__register_order="reversed")
        assert [value for value, _ in register(client, "a", "b", "c")] == ["c", "b", "a"]

    def test_other_values(self, client: Any, control: Any) -> None:
        control.switch(engagelab__register_values="normalised")
        assert register(client, " A ") == [("a", 10_000_001)]

    def test_each_value_once(self, client: Any, control: Any) -> None:
        control.switch(engagelab__register_repeats=False)
        assert register(client, "a", "a") == [("a", 10_000_001)]

    def test_an_euid_as_text(self, client: Any, control: Any) -> None:
        control.switch(engagelab__euid_type="text")
        assert register(client, "a") == [("a", "10000001")]

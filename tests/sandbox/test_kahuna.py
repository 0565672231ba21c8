# SPDX-License-Identifier: Apache-2.0
"""Kahuna: what seed 002 says, each error by its real cause, each switch."""

from __future__ import annotations

from typing import Any

import pytest

OK = {"success": True}
NOT_FOUND = {"success": False, "error_code": 404, "error": "User not found"}
GEORGE = {"email": "george@example.com", "username": "george0000"}
GEORGE_KEY = "george@example.com"
TOM = {"email": "tom@example.com", "username": "tom0002"}


@pytest.fixture(autouse=True)
def _seeded(control: Any) -> None:
    control.seed("kahuna", GEORGE, {"username": "john0002"})


def attributes(control: Any, key: str = GEORGE_KEY, **query: Any) -> Any:
    return control.user("kahuna", key, **query)["attributes"]


def overall(answer: Any, status: int) -> Any:
    """Take the one response object of a request that was refused as a whole."""
    (error,) = answer.json()
    assert (answer.status_code, error["success"], error["error_code"]) == (status, False, status)
    return error["error"]


class TestItems:
    def test_the_seeds_example(self, client: Any, control: Any) -> None:
        answer = client.items(
            (GEORGE, {"first_name": "George", "age": "44"}),
            (TOM, {"first_name": "Tom", "last_name": "Sawyer"}),
        )
        assert (answer.status_code, answer.json()) == (200, [OK, NOT_FOUND])
        assert attributes(control) == {"first_name": "George", "age": "44"}
        assert control.user("kahuna", GEORGE_KEY)["credentials"] == GEORGE
        assert control.last()["codes"] == {"404": 1}
        assert control.last()["rows"] == 2

    def test_200_even_if_all_fail(self, client: Any, control: Any) -> None:
        answer = client.items((TOM, {"a": 1}), ({}, {"a": 1}))
        assert (answer.status_code, answer.json()) == (200, [NOT_FOUND, NOT_FOUND])
        assert control.last()["applied"] is False

    def test_empty_array(self, client: Any) -> None:
        assert client.items().json() == []

    def test_null_deletes_and_types_stay(self, client: Any, control: Any) -> None:
        client.items((GEORGE, {"a": 1, "b": "1", "c": True, "d": "x"}))
        client.items((GEORGE, {"a": None, "never": None, "d": "y"}))
        assert attributes(control) == {"b": "1", "c": True, "d": "y"}

    @pytest.mark.parametrize(
        ("target", "key"),
        [
            ({"username": "john0002", "email": GEORGE_KEY}, "john0002"),
            ({"email": GEORGE_KEY, "username": "john0002"}, GEORGE_KEY),
            ({"user_id": "nobody", "username": "john0002"}, "john0002"),
            ({"username": GEORGE_KEY, "email": GEORGE_KEY}, GEORGE_KEY),
        ],
    )
    def test_first_match_in_the_order_of_the_target(self, client: Any, control: Any, target: Any, key: str) -> None:
        assert client.items((target, {"hit": True})).json() == [OK]
        stored = control.get("users/kahuna")["users"]
        assert {name for name, user in stored.items() if user["attributes"]} == {key}

    def test_a_number_finds_its_text(self, client: Any, control: Any) -> None:
        control.seed("kahuna", {"user_id": "5"})
        assert client.items(({"user_id": 5}, {"a": 1})).json() == [OK]

    def test_the_older_user_keeps_a_shared_credential(self, client: Any, control: Any) -> None:
        control.seed("kahuna", {"username": "newer", "email": GEORGE_KEY})
        client.items(({"email": GEORGE_KEY}, {"a": 1}))
        assert attributes(control) == {"a": 1}
        assert attributes(control, "newer") == {}

    def test_one_user_twice(self, client: Any, control: Any) -> None:
        control.switch(history=True)
        assert client.items((GEORGE, {"a": 1}), (GEORGE, {"a": 2})).json() == [OK, OK]
        user = control.user("kahuna", GEORGE_KEY)
        assert (user["attributes"], user["updates"]) == ({"a": 2}, 2)
        assert user["history"] == [{"attributes": {"a": 1}}, {"attributes": {"a": 2}}]

    def test_environments_are_apart(self, client: Any, control: Any) -> None:
        control.seed("kahuna", TOM, environment="s")
        assert client.items((TOM, {"a": 1}), (GEORGE, {"a": 1}), env="s").json() == [OK, NOT_FOUND]
        assert control.get("users/kahuna", environment="s")["count"] == 1
        assert attributes(control, "tom@example.com", environment="s") == {"a": 1}
        assert attributes(control) == {}
        assert control.last()["env"] == "s"


class TestValues:
    @pytest.mark.parametrize("value", [1.5, 1.0, [], ["a"], {}, "x" * 2049, "ä" * 1025, 10**2048])
    def test_refused_with_its_item(self, client: Any, control: Any, value: Any) -> None:
        answer = client.items((GEORGE, {"fine": 1, "bad": value}), ({"username": "john0002"}, {"a": 1}))
        first, second = answer.json()
        assert (answer.status_code, first["success"], first["error_code"], second) == (200, False, 400, OK)
        assert attributes(control) == {}

    @pytest.mark.parametrize("value", ["x" * 2048, "ä" * 1024, "", 0, -1, False, "\ud800"])
    def test_taken(self, client: Any, control: Any, value: Any) -> None:
        assert client.items((GEORGE, {"a": value})).json() == [OK]
        assert attributes(control) == {"a": value}

    def test_refused_with_the_request(self, client: Any, control: Any) -> None:
        control.switch(kahuna__bad_value="request")
        overall(client.items(({"username": "john0002"}, {"a": 1}), (GEORGE, {"bad": 1.5})), 400)
        assert attributes(control, "john0002") == {}
        assert client.items((GEORGE, {"good": 1})).json() == [OK]


def _users(count: int) -> Any:
    return [({"username": "john0002"}, {"n": n}) for n in range(count)]


class TestLimit:
    def test_100_users(self, client: Any) -> None:
        assert client.items(*_users(100)).json() == [OK] * 100

    def test_101_users(self, client: Any, control: Any) -> None:
        assert "100" in overall(client.items(*_users(101)), 400)
        assert attributes(control, "john0002") == {}

    def test_101_users_item_by_item(self, client: Any, control: Any) -> None:
        control.switch(kahuna__over_limit="items")
        answer = client.items(*_users(101))
        assert answer.json()[:100] == [OK] * 100
        assert answer.json()[100]["error_code"] == 400
        assert attributes(control, "john0002") == {"n": 99}


class TestRequestErrors:
    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b'{"user_attributes_array": [NaN]}',
            [],
            {},
            {"user_attributes_array": {}},
            {"user_attributes_array": [[]]},
            {"user_attributes_array": [{"target": {"username": "a"}}]},
            {"user_attributes_array": [{"attributes": {"a": 1}}]},
            {"user_attributes_array": [{"target": [], "attributes": {"a": 1}}]},
            {"user_attributes_array": [{"target": {"username": None}, "attributes": {"a": 1}}]},
            {"user_attributes_array": [{"target": {"username": True}, "attributes": {"a": 1}}]},
            {"user_attributes_array": [{"target": {"phone": "1"}, "attributes": {"a": 1}}]},
        ],
    )
    def test_400(self, client: Any, body: Any) -> None:
        overall(client.kahuna(body), 400)

    def test_400_for_the_content_type(self, client: Any) -> None:
        overall(client.kahuna(b"{}", headers={"Content-Type": "text/plain"}), 400)

    @pytest.mark.parametrize("env", ["", "x", "P"])
    def test_400_for_the_environment(self, client: Any, env: str) -> None:
        overall(client.kahuna({"user_attributes_array": []}, env=env), 400)

    def test_400_without_an_environment(self, client: Any) -> None:
        auth = ("sandbox-secret-key", "sandbox-api-key")
        overall(client.send("/kahuna/api/userattributes", {"user_attributes_array": []}, auth), 400)

    @pytest.mark.parametrize("auth", [None, ("sandbox-secret-key", "x"), ("x", "sandbox-api-key"), ("refused", "x")])
    def test_401(self, client: Any, auth: Any) -> None:
        assert overall(client.kahuna(b"{", auth=auth), 401) == "Authentication failed"

    def test_409_by_login(self, client: Any) -> None:
        overall(client.kahuna({"user_attributes_array": []}, auth=("no-permission", "any")), 409)

    @pytest.mark.parametrize(("state", "status"), [("refused", 401), ("no-permission", 409)])
    def test_account(self, client: Any, control: Any, state: str, status: int) -> None:
        control.switch(kahuna__account=state)
        overall(client.items((GEORGE, {"a": 1})), status)

    def test_500_by_fault(self, client: Any, control: Any) -> None:
        control.fault({"status": 500}, vendor="kahuna")
        assert overall(client.items((GEORGE, {"a": 1})), 500) == "Internal server error"

    def test_method_and_path(self, client: Any) -> None:
        assert client.kahuna({}, method="GET").status_code == 405
        assert client.send("/kahuna/api/push?env=p", {}, None).status_code == 404

    def test_error_body_as_an_object(self, client: Any, control: Any) -> None:
        control.switch(kahuna__error_body="object")
        assert client.kahuna(b"{").json()["error_code"] == 400

    def test_no_error_body(self, client: Any, control: Any) -> None:
        control.switch(kahuna__error_body="empty")
        answer = client.kahuna(b"{")
        assert (answer.status_code, answer.content) == (400, b"")


class TestWhiteList:
    def test_the_list_is_a_switch(self, client: Any, control: Any) -> None:
        control.switch(kahuna__credentials=["phone"])
        control.seed("kahuna", {"phone": "1"})
        assert client.items(({"phone": "1"}, {"a": 1})).json() == [OK]
        overall(client.items((GEORGE, {"a": 1})), 400)

    def test_an_unknown_type_may_be_ignored(self, client: Any, control: Any) -> None:
        control.switch(kahuna__unknown_credential="ignore")
        control.seed("kahuna", {"username": "keyed-first", "phone": "1"})
        answer = client.items(({"phone": None, **GEORGE}, {"a": 1}), ({"phone": "1"}, {"a": 1}))
        assert answer.json() == [OK, NOT_FOUND]

# SPDX-License-Identifier: Apache-2.0
"""Obtain EUID: the request, and whose EUID a response's data has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Action, Found, Status
from airflow_provider_userattrs.vendors.engagelab import register
from airflow_provider_userattrs.vendors.engagelab.api import OPERATIONS

LOOKUP = register.LOOKUPS["user_id"]


def read(body: Any, *ids: str, status: int = 200) -> list[Any]:
    """Return the EUID of each id, or the code of the verdict on it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    verdicts = LOOKUP.read(Response(status, {}, content), ids)
    return [verdict.user if isinstance(verdict, Found) else verdict.code for verdict in verdicts]


def data(*pairs: tuple[Any, Any], message: str = "success") -> dict[str, Any]:
    return {
        "code": 0,
        "message": message,
        "data": [{"identity_value": value, "euid": euid} for value, euid in pairs],
    }


@pytest.mark.parametrize("identifier", register.LOOKUPS)
def test_the_request(identifier: str) -> None:
    operation = register.LOOKUPS[identifier]
    items = [operation.encode(UserUpdate(0, each, (each,), {}, (), {})) for each in ('a"b', "ü")]
    body = operation.head + b",".join(items) + operation.tail
    assert json.loads(body) == {"identity_name": identifier, "identity_values": ['a"b', "ü"]}
    assert (operation.path, operation.max_users) == ("/v1/user/register", 100)


def test_an_update_is_sent_under_the_euid_that_was_found() -> None:
    operation = register.named_by(OPERATIONS["set"], "user_id")
    update = UserUpdate(0, "u-1", (10362473,), {"plan": "gold"}, (), {})
    assert json.loads(operation.encode(update)) == {"euid": 10362473, "type": "set", "properties": {"plan": "gold"}}


def test_an_euid_that_is_gone_is_looked_up_again_and_nobody_is_told_to_check_one() -> None:
    operation = register.named_by(OPERATIONS["set"], "user_id")
    gone = Response(200, {}, b'{"code":55108,"message":"Invalid EUID."}')
    (verdict,), (given,) = operation.read(gone, (None,)), OPERATIONS["set"].read(gone, (None,))
    assert (verdict.status, verdict.code, verdict.meaning) == (given.status, given.code, given.meaning)
    assert "Push the row again: its id is looked up again" in verdict.remedy
    assert "Check the EUIDs" in given.remedy
    other = Response(200, {}, b'{"code":55102,"message":"no"}')
    assert operation.read(other, (None,)) == OPERATIONS["set"].read(other, (None,))


class TestRead:
    def test_each_id_is_matched_by_its_value(self) -> None:
        assert read(data(("c", 3), ("a", 1), ("b", 2)), "a", "b", "c") == [1, 2, 3]

    def test_two_ids_of_one_user(self) -> None:
        assert read(data(("a", 1), ("b", 1)), "a", "b") == [1, 1]

    def test_what_data_lacks(self) -> None:
        assert read(data(("b", 2), message="partial success"), "a", "b") == ["no-euid", 2]
        assert read({"code": 0, "message": "success"}, "a") == ["no-euid"]
        assert read({"code": 0, "message": "success", "data": None}, "a") == ["no-euid"]
        assert read({"code": 0, "message": "success", "data": ["a", 1, None, [], {}]}, "a") == ["no-euid"]

    @pytest.mark.parametrize("data", [{"a": 1}, {}, "a", 1, True], ids=str)
    def test_data_that_is_no_list_says_nothing_of_any_id(self, data: Any) -> None:
        response = Response(200, {}, json.dumps({"code": 0, "message": "success", "data": data}).encode())
        verdicts = LOOKUP.read(response, ("a", "b"))
        assert [(each.status, each.code) for each in verdicts] == [(Status.UNKNOWN, "200")] * 2

    @pytest.mark.parametrize("value", ["A", " a", "a ", "\u0430", 1, None, True], ids=str)
    def test_a_value_that_is_not_the_id(self, value: Any) -> None:
        assert read(data((value, 1)), "a") == ["no-euid"]

    @pytest.mark.parametrize("euid", [0, -1, 1.0, True, None, "", "x", "1.0", "²", 2**63, [1]], ids=str)
    def test_what_is_no_euid(self, euid: Any) -> None:
        assert read(data(("a", euid), ("b", 2)), "a", "b") == ["no-euid", 2]

    def test_an_euid_as_text(self) -> None:
        assert read(data(("a", "10362473"), ("b", str(2**63 - 1))), "a", "b") == [10362473, 2**63 - 1]

    def test_one_value_with_two_euids_has_none(self) -> None:
        assert read(data(("a", 1), ("b", 3), ("a", 2), ("b", 3)), "a", "b") == ["no-euid", 3]

    @pytest.mark.parametrize(
        "text",
        [
            '{"code":0,"message":"success","data":[{"identity_value":"a","euid":1,"euid":2},{"identity_value":"b"}]}',
            '{"code":0,"message":"success","data":[{"identity_value":"b","identity_value":"a","euid":1}]}',
            '{"code":0,"message":"success","data":[],"data":[{"identity_value":"a","euid":1}]}',
        ],
        ids=["euid", "value", "data"],
    )
    def test_a_key_that_stands_twice(self, text: str) -> None:
        assert read(text.encode(), "a") == ["no-euid"]

    def test_ids_that_look_like_the_body(self) -> None:
        assert read(data(("code", 1), ("euid", 2), ("data", 3)), "code", "euid", "data") == [1, 2, 3]

    def test_the_vendors_message_is_a_detail(self) -> None:
        (verdict,) = LOOKUP.read(Response(200, {}, b'{"code":0,"message":"a is odd","data":[]}'), ("a",))
        assert (verdict.status, verdict.detail) == (Status.REJECTED, "a is odd")

    @pytest.mark.parametrize(
        ("code", "status", "action"),
        [
            (55101, Status.REJECTED, Action.SPLIT),
            (55105, Status.REJECTED, Action.SPLIT),
            (55107, Status.REJECTED, Action.SPLIT),
            (55004, Status.REJECTED, Action.SPLIT),
            (77777, Status.REJECTED, Action.SPLIT),
            (55106, Status.UNSENT, Action.STOP),
            (40050, Status.UNSENT, Action.STOP),
            (50031, Status.UNSENT, Action.STOP),
            (-1, Status.UNKNOWN, Action.RETRY),
        ],
    )
    @pytest.mark.parametrize("has_data", [True, False], ids=["with-data", "without"])
    def test_codes(self, code: int, status: Status, action: Action, has_data: bool) -> None:
        body = {**data(("a", 1), ("b", 2)), "code": code, "message": "no"}
        if not has_data:
            del body["data"]
        verdicts = LOOKUP.read(Response(200, {}, json.dumps(body).encode()), ("a", "b"))
        assert {(each.status, each.code, each.action, each.detail) for each in verdicts} == {
            (status, str(code), action, "no")
        }

    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            (500, data(("a", 1)), "500"),
            (302, data(("a", 1)), "302"),
            (503, b"<html>", "503"),
            (200, b"", "200"),
            (200, b'{"code":0,"message":"success","data":[{"identity_value":"a","eui', "200"),
            (200, {"code": "0", **{"data": data(("a", 1))["data"]}}, "200"),
            (200, {"code": True, "message": "success", "data": data(("a", 1))["data"]}, "200"),
        ],
        ids=["500", "302", "gateway", "empty", "cut", "text-code", "bool-code"],
    )
    def test_a_response_that_is_no_success(self, status: int, body: Any, code: str) -> None:
        assert read(body, "a", status=status) == [code]

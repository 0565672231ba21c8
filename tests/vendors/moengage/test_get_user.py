# SPDX-License-Identifier: Apache-2.0
"""Get User, by its page: https://www.moengage.com/docs/api/user/get-user."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.read_back import CannotRead, Finding
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.vendors.moengage import api as moengage
from airflow_provider_userattrs.vendors.moengage import get_user


def update(attributes: dict[str, Any], unset: tuple[str, ...] = (), user: str = "ada") -> UserUpdate:
    return UserUpdate(0, user, (user,), attributes, unset, {})


def test_the_request_asks_for_the_id_and_for_what_was_changed() -> None:
    body = json.loads(get_user.encode([update({"a": 1}), update({"b": 2}, ("c",), "bob")]))
    assert body["data"]["identifiers"] == [
        {"identifier_type": "customer_id", "identifier": "ada"},
        {"identifier_type": "customer_id", "identifier": "bob"},
    ]
    assert body["data"]["user_fields_to_export"] == ["customer_id", "a", "b", "c"]


def test_users_are_matched_by_their_id() -> None:
    data = {
        "users_not_found": [{"identifier_type": "customer_id", "identifier": "bob"}],
        "users": [{"user_attributes": {"customer_id": "ada", "a": 1}}],
    }
    held = get_user.read(Response(200, {}, json.dumps({"status": "success", "data": data}).encode()))
    assert held == {"ada": {"customer_id": "ada", "a": 1}, "bob": None}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_an_account_that_may_not_read_is_told_in_words(status: int) -> None:
    with pytest.raises(CannotRead, match=f"Get User \\({status}\\): its support enables it"):
        get_user.read(Response(status, {}, b"{}"))


def test_a_200_that_says_fail_is_a_refusal() -> None:
    body = b'{"status": "fail", "error": {"type": "Forbidden", "message": "not enabled", "request_id": "1"}}'
    with pytest.raises(CannotRead, match=r"Get User \(200 with status fail\): its support enables it"):
        get_user.read(Response(200, {}, body))


@pytest.mark.parametrize(
    ("status", "body"),
    [(429, b""), (500, b""), (200, b""), (200, b"[]"), (200, b"{}"), (200, b'{"data": {"users": [{}]}}')],
)
def test_what_says_nothing_is_no_answer(status: int, body: bytes) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        get_user.read(Response(status, {}, body))
    assert not isinstance(raised.value, CannotRead)


@pytest.mark.parametrize(
    ("operation", "sent", "held", "finding"),
    [
        ("set", update({"a": 1, "b": "x"}), {"a": 1, "b": "x"}, Finding.EQUAL),
        ("set", update({"a": 1}), {"a": 1.0}, Finding.EQUAL),
        ("set", update({"a": 1}), {}, Finding.NOT_YET),
        ("set", update({"a": 1}), {"a": 2}, Finding.DIFFERENT),
        ("set", update({"a": 1}), {"a": True}, Finding.DIFFERENT),
        ("set", update({"a": 1}), {"a": "1"}, Finding.DIFFERENT),
        ("set", update({"a": 1, "b": 2}), {"a": 3}, Finding.DIFFERENT),
        ("set", update({"t": "2020-05-31T03:47:35Z"}), {"t": "2020-05-31T03:47:35.000Z"}, Finding.EQUAL),
        ("set", update({"t": "2020-05-31T03:47:35Z"}), {"t": "2020-05-31T05:47:35+02:00"}, Finding.EQUAL),
        ("set", update({"t": "2020-05-31"}), {"t": "2020-06-01"}, Finding.DIFFERENT),
        ("set", update({"l": ["a", "b"]}), {"l": ["a", "b"]}, Finding.EQUAL),
        ("set", update({"l": ["a", "b"]}), {"l": ["a"]}, Finding.DIFFERENT),
        ("set", update({"email": "a@b.c", "a": 1}), {"a": 1}, Finding.EQUAL),
        ("set", update({"email": "a@b.c"}), {}, Finding.UNREAD),
        ("set", update({"a": 1}, ("b",)), {"a": 1}, Finding.EQUAL),
        ("set", update({"a": 1}, ("b",)), {"a": 1, "b": None}, Finding.EQUAL),
        ("set", update({"a": 1}, ("b",)), {"a": 1, "b": 2}, Finding.NOT_YET),
        ("add", update({"l": ["a"]}), {"l": ["b", "a"]}, Finding.EQUAL),
        ("add", update({"l": ["a"]}), {"l": ["b"]}, Finding.NOT_YET),
        ("add", update({"l": ["a"]}), {}, Finding.NOT_YET),
        ("remove", update({"l": ["a"]}), {"l": ["b"]}, Finding.EQUAL),
        ("remove", update({"l": ["a"]}), {"l": ["a"]}, Finding.NOT_YET),
        ("remove", update({"l": ["a"]}), {}, Finding.EQUAL),
    ],
)
def test_what_is_held_beside_what_was_sent(operation: str, sent: Any, held: Any, finding: Finding) -> None:
    assert get_user.compare(operation, sent, held) is finding


def test_the_page_s_limits() -> None:
    read_back = moengage.OPERATIONS["set"].read_back
    assert read_back is not None
    assert (read_back.path, read_back.max_users) == ("/v1/customers/export", 20)
    assert read_back.max_rate * 60 <= 1_000 + 1e-6
    assert moengage.OPERATIONS["unset"].read_back is not None
    assert moengage.unset_attributes(match="contains").read_back is None
    assert moengage.unset_attributes(case_sensitive=False).read_back is None


def test_what_is_removed_is_equal_once_it_is_gone() -> None:
    both, standard = update({}, ("note", "first_name")), update({}, ("first_name",))
    assert get_user.compare("set", both, {"customer_id": "ada"}) is Finding.EQUAL
    assert get_user.compare("set", both, {"customer_id": "ada", "note": "x"}) is Finding.NOT_YET
    assert get_user.compare("set", standard, {"customer_id": "ada"}) is Finding.UNREAD
    assert get_user.compare("set", standard, {"customer_id": "ada", "first_name": "Ada"}) is Finding.NOT_YET

# SPDX-License-Identifier: Apache-2.0
"""Kahuna's answers and bodies, by its page: written down from it again, and not taken from the package."""

from __future__ import annotations

import json
from datetime import date, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.vendors.kahuna import api as kahuna

UTC = timezone.utc

#: "HTTP Response Codes" of the seed but 200: what a push makes of it, a word that its meaning must have.
STATUSES = [
    (400, Status.REJECTED, Action.SPLIT, "parsed"),
    (401, Status.UNSENT, Action.STOP, "authentication"),
    (409, Status.UNSENT, Action.STOP, "permission"),
    (500, Status.UNKNOWN, Action.RETRY, "internal server error"),
]


def answer(body: Any, status: int = 200) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


class TestOverallStatus:
    @pytest.mark.parametrize(("status", "becomes", "action", "word"), STATUSES, ids=[str(row[0]) for row in STATUSES])
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            pytest.param([{"success": False, "error_code": 401, "error": "their words"}], "their words", id="array"),
            pytest.param({"success": False, "error_code": 401, "error": "their words"}, "their words", id="object"),
            pytest.param(b"", "", id="empty"),
            pytest.param([], "", id="empty-array"),
            pytest.param([{"success": False}] * 3, "", id="array-of-the-right-length"),
            pytest.param({"error": None}, "", id="no-words"),
            pytest.param(b"<html>", "", id="html"),
            pytest.param("text", "", id="text"),
            pytest.param([["text"]], "", id="nested"),
        ],
    )
    def test_is_about_every_user_whatever_the_body(
        self, status: int, becomes: Status, action: Action, word: str, body: Any, words: str
    ) -> None:
        verdicts = kahuna.read(answer(body, status), range(3))
        assert len(verdicts) == 3
        for verdict in verdicts:
            assert (verdict.status, verdict.action, verdict.code) == (becomes, action, str(status))
            assert word in verdict.meaning
            assert verdict.remedy.endswith(".")
            assert verdict.detail == words

    def test_409_is_a_permission_and_no_conflict(self) -> None:
        [verdict] = kahuna.read(answer([{}], 409), range(1))
        assert "conflict" not in verdict.meaning
        assert "Kahuna" in verdict.remedy

    @pytest.mark.parametrize(
        ("status", "becomes", "action"),
        [
            (404, Status.UNSENT, Action.STOP),
            (413, Status.REJECTED, Action.SPLIT),
            (429, Status.UNSENT, Action.RETRY),
            (502, Status.UNKNOWN, Action.RETRY),
            (503, Status.UNKNOWN, Action.RETRY),
            (302, Status.UNKNOWN, Action.STOP),
            (201, Status.UNKNOWN, Action.KEEP),
            (204, Status.UNKNOWN, Action.KEEP),
        ],
    )
    def test_outside_of_the_page_is_by_http(self, status: int, becomes: Status, action: Action) -> None:
        for verdict in kahuna.read(answer([{"success": False}] * 2, status), range(2)):
            assert (verdict.status, verdict.action) == (becomes, action)

    @pytest.mark.parametrize("status", [201, 202, 206, 302, 400, 401, 403, 409, 413, 429, 500, 503])
    def test_a_success_under_another_status_than_200_is_unknown(self, status: int) -> None:
        for verdict in kahuna.read(answer([{"success": True}, {"success": False}], status), range(2)):
            assert verdict.status is Status.UNKNOWN
            assert verdict.code == str(status)


class TestUsers:
    def test_the_page_s_sample(self) -> None:
        body = b"""
        [
            {
                "success": true
            },
            {
                "success":false,
                "error_code":404,
                "error": "User not found"
            }
        ]
        """
        first, second = kahuna.read(answer(body), range(2))
        assert first.status is Status.ACCEPTED
        assert (second.status, second.code, second.action) == (Status.REJECTED, "404", Action.KEEP)
        assert second.meaning == "User not found"
        assert second.detail == "User not found"
        assert second.remedy.endswith(".")

    @settings(max_examples=150)
    @given(found=st.lists(st.booleans(), min_size=1, max_size=100))
    def test_are_matched_by_position(self, found: list[bool]) -> None:
        items = [{"success": True} if yes else {"success": False, "error_code": 404, "error": "e"} for yes in found]
        verdicts = kahuna.read(answer(items), range(len(found)))
        assert [verdict.status is Status.ACCEPTED for verdict in verdicts] == found

    @pytest.mark.parametrize("length", [0, 1, 2, 4, 100])
    def test_an_array_of_the_wrong_length_makes_every_user_unknown(self, length: int) -> None:
        verdicts = kahuna.read(answer([{"success": True}] * length), range(3))
        assert [(verdict.status, verdict.action) for verdict in verdicts] == [(Status.UNKNOWN, Action.KEEP)] * 3
        assert verdicts[0].remedy.endswith(".")

    @pytest.mark.parametrize(
        "body", [b"", b"null", b"{}", b'{"success": true}', b"true", b"[", b"<html>", b"\xff", b'"success"'], ids=ascii
    )
    def test_a_200_that_is_no_array_makes_every_user_unknown(self, body: bytes) -> None:
        verdicts = kahuna.read(answer(body), range(2))
        assert [verdict.status for verdict in verdicts] == [Status.UNKNOWN] * 2

    @pytest.mark.parametrize(
        ("code", "becomes", "action"),
        [
            (404, Status.REJECTED, Action.KEEP),
            (400, Status.REJECTED, Action.KEEP),
            (401, Status.REJECTED, Action.KEEP),
            (409, Status.REJECTED, Action.KEEP),
            (413, Status.REJECTED, Action.KEEP),
            (408, Status.UNKNOWN, Action.RETRY),
            (423, Status.UNSENT, Action.RETRY),
            (425, Status.UNSENT, Action.RETRY),
            (429, Status.UNSENT, Action.RETRY),
            (500, Status.UNKNOWN, Action.RETRY),
            (503, Status.UNKNOWN, Action.RETRY),
            (599, Status.UNKNOWN, Action.RETRY),
            (600, Status.REJECTED, Action.KEEP),
            (0, Status.REJECTED, Action.KEEP),
            (-1, Status.REJECTED, Action.KEEP),
            (200, Status.REJECTED, Action.KEEP),
            (2**62, Status.REJECTED, Action.KEEP),
            ("404", Status.REJECTED, Action.KEEP),
            ("500", Status.REJECTED, Action.KEEP),
            (404.0, Status.REJECTED, Action.KEEP),
            (True, Status.REJECTED, Action.KEEP),
            (None, Status.REJECTED, Action.KEEP),
            ([404], Status.REJECTED, Action.KEEP),
            ({}, Status.REJECTED, Action.KEEP),
        ],
        ids=repr,
    )
    def test_that_failed_by_code(self, code: Any, becomes: Status, action: Action) -> None:
        item = {"success": False, "error_code": code, "error": "their words"}
        fine, verdict = kahuna.read(answer([{"success": True}, item]), range(2))
        assert fine.status is Status.ACCEPTED
        assert (verdict.status, verdict.action) == (becomes, action)
        assert type(code) is not int or verdict.code == str(code)
        assert verdict.meaning
        assert verdict.remedy.endswith(".")
        assert verdict.detail == "their words"

    def test_that_failed_without_a_code(self) -> None:
        [verdict] = kahuna.read(answer([{"success": False}]), range(1))
        assert verdict.status is Status.REJECTED

    @pytest.mark.parametrize(
        "item",
        [
            None,
            True,
            5,
            "success",
            [],
            [{"success": True}],
            {},
            {"success": None},
            {"success": "true"},
            {"success": "True"},
            {"success": 0},
            {"success": 2},
            {"success": []},
            {"Success": True},
            {"status": "success"},
            {"error_code": 404},
        ],
        ids=repr,
    )
    def test_that_are_ambiguous_are_unknown(self, item: Any) -> None:
        fine, verdict = kahuna.read(answer([{"success": True}, item]), range(2))
        assert fine.status is Status.ACCEPTED
        assert verdict.status is Status.UNKNOWN
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize("one", [b"1", b"1.0"])
    def test_whose_success_is_the_number_one_are_unknown(self, one: bytes) -> None:
        [verdict] = kahuna.read(answer(b'[{"success": %s}]' % one), range(1))
        assert verdict.status is Status.UNKNOWN

    @settings(max_examples=500)
    @given(
        body=st.one_of(
            st.binary(max_size=60),
            st.lists(
                st.one_of(
                    st.none(),
                    st.booleans(),
                    st.just({"success": True}),
                    st.fixed_dictionaries(
                        {"success": st.sampled_from([True, False, None, "true", 0, "", []])},
                        optional={
                            "error_code": st.one_of(st.integers(0, 600), st.text(max_size=3), st.none()),
                            "error": st.one_of(st.none(), st.text(max_size=5), st.lists(st.none(), max_size=1)),
                        },
                    ),
                ),
                max_size=4,
            ),
        ),
        status=st.one_of(st.just(200), st.integers(100, 599)),
        users=st.integers(1, 4),
    )
    def test_nothing_makes_it_raise_and_only_the_exact_values_are_a_success(
        self, body: Any, status: int, users: int
    ) -> None:
        verdicts = kahuna.read(answer(body, status), range(users))
        assert len(verdicts) == users
        if isinstance(body, bytes):
            try:
                body = orjson.loads(body)
            except ValueError:
                body = None
        clear = status == 200 and isinstance(body, list) and len(body) == users
        for position, verdict in enumerate(verdicts):
            item = body[position] if clear else None
            success = (
                isinstance(item, dict)
                and item.get("success") is True
                and not item.get("error")
                and not item.get("error_code")
            )
            assert (verdict.status is Status.ACCEPTED) == success
            assert success or (verdict.meaning and verdict.remedy)


class TestBodies:
    def test_the_page_s_sample(self, become: Any) -> None:
        george = {
            "email": "george@example.com",
            "username": "george0000",
            "first_name": "George",
            "last_name": "Washington",
            "gender": "m",
            "age": 44,
            "language": "en",
        }
        john = {
            "email": "john@example.com",
            "username": "john0002",
            "first_name": "John",
            "last_name": "Adams",
            "birth_date": date(1995, 3, 21),
        }
        target = {"email": "email", "username": "username"}
        assert become(kahuna.OPERATIONS["set"], target, george, john) == (
            b'{"user_attributes_array":['
            b'{"target":{"email":"george@example.com","username":"george0000"},'
            b'"attributes":{"first_name":"George","last_name":"Washington","gender":"m","age":44,"language":"en"}},'
            b'{"target":{"email":"john@example.com","username":"john0002"},'
            b'"attributes":{"first_name":"John","last_name":"Adams","birth_date":"1995/03/21"}}'
            b"]}"
        )

    def test_one_user_is_an_array_of_one(self, become: Any) -> None:
        body = become(kahuna.OPERATIONS["set"], {"email": "mail"}, {"mail": "a@b", "x": 1})
        assert body == b'{"user_attributes_array":[{"target":{"email":"a@b"},"attributes":{"x":1}}]}'

    def test_null_deletes(self, become: Any) -> None:
        row = {"email": "a@b", "x": 1, "y": None, "z": None}
        target = {"email": "email"}
        assert become(kahuna.OPERATIONS["set"], target, row, unset_nulls=True) == (
            b'{"user_attributes_array":[{"target":{"email":"a@b"},"attributes":{"x":1,"y":null,"z":null}}]}'
        )
        assert become(kahuna.OPERATIONS["unset"], target, row, unset=("p", "q")) == (
            b'{"user_attributes_array":[{"target":{"email":"a@b"},"attributes":{"p":null,"q":null}}]}'
        )

    def test_a_name_to_delete_that_cannot_be_written_is_named(self, become: Any) -> None:
        verdict = become(kahuna.OPERATIONS["unset"], {"email": "e"}, {"e": "a@b"}, unset=("a\ud800",))
        assert verdict.code == "not-utf-8"


class TestOperation:
    @pytest.mark.parametrize("unset", [False, True])
    def test_is_the_page_s(self, unset: bool) -> None:
        operation = kahuna.OPERATIONS["unset" if unset else "set"]
        assert (operation.vendor, operation.path, operation.max_users) == ("Kahuna", "/api/userattributes", 100)
        assert operation.name == ("unset attributes" if unset else "set attributes")
        assert kahuna.OPERATIONS["set"].name == "set attributes"
        assert operation.idempotent
        assert "each user" in operation.accepted_means

    def test_address_and_environments(self) -> None:
        assert kahuna.BASE_URL == "https://tap-nexus.appspot.com"
        assert kahuna.ENVIRONMENTS == {"production": "p", "sandbox": "s"}

    def test_a_hundred_users_a_request_and_no_more(self, become: Any) -> None:
        rows = [{"email": f"{position}@b", "x": position} for position in range(250)]
        body = become(kahuna.OPERATIONS["set"], {"email": "email"}, *rows[:100])
        assert len(json.loads(body)["user_attributes_array"]) == 100


def test_a_response_seen_before_gives_a_new_list() -> None:
    response = Response(200, {}, b'[{"success":true},{"success":true}]')
    first = kahuna.read(response, ["a", "b"])
    first.clear()
    assert [verdict.status for verdict in kahuna.read(response, ["c", "d"])] == [Status.ACCEPTED] * 2
    assert [verdict.code for verdict in kahuna.read(response, ["c"])] == ["wrong-length"]

# SPDX-License-Identifier: Apache-2.0
"""MoEngage's responses, by its pages: written down from them again, and not taken from the package."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.vendors.moengage import responses

DATA = (Status.REJECTED, Action.KEEP)
CONFIGURATION = (Status.UNSENT, Action.STOP)
PASSING = (Status.UNSENT, Action.RETRY)
IN_DOUBT = (Status.UNKNOWN, Action.RETRY)

#: https://www.moengage.com/docs/api/data/data-overview, "Response Codes": HTTP status, type in the error body, what a
#: push makes of it.
ERRORS = [
    (400, "Missing header value", DATA),
    (400, "Empty request body", DATA),
    (400, "Body type is not JSON", DATA),
    (400, "Malformed JSON", DATA),
    (400, "Blacklisted", CONFIGURATION),
    (400, "InvalidParams", CONFIGURATION),
    (400, "ParamsRequired", CONFIGURATION),
    (400, "MissingAttributeError", DATA),
    (400, "ArrayFieldError", DATA),
    (401, "Authentication required", CONFIGURATION),
    (403, "BlockedClient", CONFIGURATION),
    (403, "Account Suspended", CONFIGURATION),
    (403, "Account Temporarily Suspended", CONFIGURATION),
    (409, "Authentication Mismatch", CONFIGURATION),
    (409, "Authentication required", CONFIGURATION),
    (409, "App Secret key not set", CONFIGURATION),
    (413, "Payload too large", DATA),
    (413, "PayloadTooLarge", DATA),
    (415, "Unsupported Media Type", CONFIGURATION),
    (415, "MediaTypeError", CONFIGURATION),
    (429, "RateLimitError", PASSING),
    (429, "Rate Limit Exceeded", PASSING),
    (500, "ServerError", IN_DOUBT),
    (502, "ServerError", IN_DOUBT),
    (503, "ServerError", IN_DOUBT),
    (504, "ServerError", IN_DOUBT),
]
STATUSES = {status: expected for status, _, expected in ERRORS}


def answer(body: Any, status: int = 200) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def failure(kind: Any, words: Any = "their words") -> dict[str, Any]:
    return {"status": "fail", "error": {"type": kind, "message": words, "request_id": "fbGiVuHZ"}}


class TestErrors:
    @pytest.mark.parametrize(("status", "kind", "expected"), ERRORS, ids=[f"{row[0]}-{row[1]}" for row in ERRORS])
    def test_of_a_documented_type(self, status: int, kind: str, expected: Any) -> None:
        [verdict] = responses.read(answer(failure(kind), status), range(1))
        assert (verdict.status, verdict.action) == expected
        assert verdict.code == str(status)
        assert verdict.meaning
        assert verdict.remedy.endswith(".")
        assert verdict.detail == "their words (request_id fbGiVuHZ)"

    @pytest.mark.parametrize(("status", "expected"), STATUSES.items(), ids=[str(status) for status in STATUSES])
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"<html>", id="html"),
            pytest.param(b"null", id="null"),
            pytest.param(b"[]", id="list"),
            pytest.param({}, id="object"),
            pytest.param({"status": "fail", "error": "text"}, id="error-is-text"),
            pytest.param({"status": "fail", "error": None}, id="error-is-null"),
            pytest.param(failure("unheard of"), id="unheard-of"),
            pytest.param(failure(None, None), id="type-is-null"),
            pytest.param(failure(["a"], {"a": 1}), id="type-is-a-list"),
            pytest.param(failure("BlockedClient"), id="type-of-another-status"),
        ],
    )
    def test_are_classified_by_the_status_alone(self, status: int, expected: Any, body: Any) -> None:
        [verdict] = responses.read(answer(body, status), range(1))
        assert (verdict.status, verdict.action, verdict.code) == (*expected, str(status))
        assert verdict.meaning
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize(
        ("status", "kind", "word"),
        [
            (400, "MissingAttributeError", "missing"),
            (400, "ArrayFieldError", "added"),
            (403, "Account Suspended", "suspended"),
            (403, "BlockedClient", "blocked"),
            (409, "App Secret key not set", "no Data API key"),
            (409, "Authentication required", "no Data API key"),
            (409, "Authentication Mismatch", "differs"),
            (400, "Blacklisted", "blacklisted"),
            (400, "InvalidParams", "workspace id"),
            (400, "ParamsRequired", "workspace id"),
        ],
    )
    def test_mean_more_with_their_type(self, status: int, kind: str, word: str) -> None:
        assert word in responses.read(answer(failure(kind), status), range(1))[0].meaning

    @pytest.mark.parametrize(
        ("status", "word"),
        [
            (400, "MoEngage"),
            (401, "workspace id"),
            (401, "IP address"),
            (403, "MoEngage"),
            (403, "IP address"),
            (406, "IP address"),
            (451, "IP address"),
            (409, "workspace id"),
            (413, "Send fewer"),
            (415, "proxy"),
            (429, "rate_limit"),
        ],
    )
    def test_have_a_remedy_at_this_vendor(self, status: int, word: str) -> None:
        [verdict] = responses.read(answer({}, status), range(1))
        assert word in verdict.remedy

    def test_each_type_of_400_has_its_own_meaning(self) -> None:
        kinds = [kind for status, kind, _ in ERRORS if status == 400]
        meanings = {responses.read(answer(failure(kind), 400), range(1))[0].meaning for kind in [*kinds, "unheard of"]}
        assert len(meanings) == len(kinds) + 1

    def test_409_is_no_conflict(self) -> None:
        assert "conflict" not in responses.read(answer({}, 409), range(1))[0].meaning


class TestSuccess:
    @pytest.mark.parametrize(
        "body",
        [
            {"status": "success", "message": "Your request has been accepted and will be processed soon."},
            {"status": "success", "message": "...", "request_id": "fbGiVuHZ"},
            {"status": "success"},
            {"status": "Success "},
        ],
        ids=str,
    )
    def test_is_a_200_with_success(self, body: Any) -> None:
        assert responses.read(answer(body), range(1))[0].status is Status.ACCEPTED
        assert responses.succeeded(answer(body))

    def test_a_200_with_fail_is_rejected(self) -> None:
        [verdict] = responses.read(answer(failure("MissingAttributeError")), range(1))
        assert (verdict.status, verdict.action, verdict.detail) == (
            Status.REJECTED,
            Action.KEEP,
            "their words (request_id fbGiVuHZ)",
        )
        assert verdict.remedy.endswith(".")
        assert not responses.succeeded(answer(failure("x")))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"null",
            b"[]",
            b'"success"',
            b"<html>",
            b"\xff",
            b'{"status": "success"',
            b'{"status": "successful"}',
            b'{"status": "not success"}',
            b'{"status": true}',
            b'{"status": ["success"]}',
            b'{"status": null}',
            b'{"success": true}',
            b'[{"status": "success"}]',
        ],
        ids=ascii,
    )
    def test_a_200_with_neither_is_unknown(self, body: bytes) -> None:
        [verdict] = responses.read(answer(body), range(1))
        assert (verdict.status, verdict.action) == (Status.UNKNOWN, Action.KEEP)
        assert verdict.remedy.endswith(".")
        assert not responses.succeeded(answer(body))

    @pytest.mark.parametrize("status", [201, 202, 204, 206, 301, 400, 401, 403, 409, 413, 415, 418, 429, 500, 503])
    def test_no_other_status_is_one_whatever_the_body(self, status: int) -> None:
        [verdict] = responses.read(answer({"status": "success"}, status), range(1))
        assert (verdict.status, verdict.code) == (Status.UNKNOWN, str(status))

    @settings(max_examples=500)
    @given(
        body=st.one_of(
            st.binary(max_size=60),
            st.recursive(
                st.one_of(
                    st.none(), st.booleans(), st.integers(), st.sampled_from(["success", "SUCCESS ", "fail", "x"])
                ),
                lambda inner: st.one_of(
                    st.lists(inner, max_size=3),
                    st.dictionaries(st.sampled_from(["status", "error", "type", "message"]), inner, max_size=3),
                ),
                max_leaves=6,
            ),
        ),
        status=st.one_of(st.just(200), st.integers(100, 599)),
        users=st.integers(1, 3),
    )
    def test_nothing_makes_it_raise_and_only_the_exact_values_are_one(self, body: Any, status: int, users: int) -> None:
        verdicts = responses.read(answer(body, status), range(users))
        assert len(verdicts) == users
        if isinstance(body, bytes):
            try:
                body = orjson.loads(body)
            except ValueError:
                body = None
        said = body.get("status") if isinstance(body, dict) else None
        success = status == 200 and isinstance(said, str) and said.strip().lower() == "success"
        success = success and not body.get("error")
        for verdict in verdicts:
            assert (verdict.status is Status.ACCEPTED) == success
            assert success or (verdict.meaning and verdict.remedy)


class TestBulk:
    """A bulk request: https://www.moengage.com/docs/api/bulk/bulk-import-users-and-events."""

    @pytest.mark.parametrize("kind", ["Malformed JSON", "MissingAttributeError", "AttributeError", "unheard of"])
    def test_a_400_names_no_element_so_the_halves_are_asked(self, kind: str) -> None:
        verdicts = responses.read_bulk(answer(failure(kind), 400), range(3))
        assert {(verdict.status, verdict.action) for verdict in verdicts} == {(Status.UNKNOWN, Action.SPLIT)}
        assert verdicts[0].detail == "their words (request_id fbGiVuHZ)"
        assert "may be repeated" in verdicts[0].remedy

    @pytest.mark.parametrize("status", [200, 400, 406, 422])
    def test_the_refusal_of_one_user_is_its_own(self, status: int) -> None:
        response = answer(failure("MissingAttributeError"), status)
        [alone], [single] = responses.read_bulk(response, ["ada"]), responses.read(response, ["ada"])
        assert (alone.status, alone.code, alone.meaning) == (Status.REJECTED, single.code, single.meaning)
        assert alone.action is Action.SPLIT, "so that the push notices if all are refused"

    def test_a_200_with_fail_may_concern_any_of_them(self) -> None:
        verdicts = responses.read_bulk(answer(failure("AttributeError")), range(2))
        assert {(verdict.status, verdict.action) for verdict in verdicts} == {(Status.UNKNOWN, Action.SPLIT)}

    @pytest.mark.parametrize("users", [1, 2])
    def test_413_is_split_and_nothing_of_it_was_taken(self, users: int) -> None:
        verdicts = responses.read_bulk(answer(failure("PayloadTooLarge"), 413), range(users))
        assert {(verdict.status, verdict.action) for verdict in verdicts} == {(Status.REJECTED, Action.SPLIT)}
        assert "100 KB" in verdicts[0].meaning

    @pytest.mark.parametrize("kind", ["Blacklisted", "InvalidParams", "ParamsRequired"])
    def test_the_account_s_own_errors_stop_the_push(self, kind: str) -> None:
        [verdict, _] = responses.read_bulk(answer(failure(kind), 400), range(2))
        assert (verdict.status, verdict.action) == CONFIGURATION

    @pytest.mark.parametrize(("status", "expected"), [(401, CONFIGURATION), (429, PASSING), (503, IN_DOUBT)])
    def test_other_statuses_mean_what_they_mean_for_one(self, status: int, expected: Any) -> None:
        verdicts = responses.read_bulk(answer({}, status), range(2))
        assert {(verdict.status, verdict.action) for verdict in verdicts} == {expected}

    @pytest.mark.parametrize("read", [responses.read, responses.read_bulk], ids=["one", "bulk"])
    @pytest.mark.parametrize("more", [{"error": {"message": "2 elements"}}, {"errors": [1]}], ids=["error", "errors"])
    def test_success_with_an_error_beside_it_is_none(self, more: Any, read: Any) -> None:
        verdicts = read(answer({"status": "success", "request_id": "q", **more}), range(2))
        assert {(verdict.status, verdict.action) for verdict in verdicts} == {(Status.UNKNOWN, Action.KEEP)}
        assert "request_id q" in verdicts[0].detail

    def test_success_is_queued(self) -> None:
        body: dict[str, Any] = {"status": "success", "request_id": "q", "error": None, "errors": []}
        assert {verdict.status for verdict in responses.read_bulk(answer(body), range(3))} == {Status.ACCEPTED}


class TestRequestId:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"status": "fail", "error": {"request_id": "fbGiVuHZ"}}, 400),
            ({"status": "fail", "error": {"request_id": "fbGiVuHZ"}}, 200),
            ({"status": "fail", "error": {"request_id": "fbGiVuHZ"}}, 503),
            ({"status": "fail", "request_id": "fbGiVuHZ"}, 401),
            ({"status": "queued", "request_id": "fbGiVuHZ"}, 200),
            (b'{"status": "success", "status": "fail", "request_id": "fbGiVuHZ"}', 200),
        ],
        ids=["400", "200 fail", "503", "401", "neither", "twice"],
    )
    def test_is_kept_of_each_response_that_is_no_plain_success(self, body: Any, status: int) -> None:
        for read in (responses.read, responses.read_bulk):
            assert {verdict.request_id for verdict in read(answer(body, status), range(2))} == {"fbGiVuHZ"}

    @pytest.mark.parametrize("given", ["ada@example.com", "a b", "x" * 65, "", 5, None, ["a"], "\u202e"], ids=ascii)
    def test_what_does_not_look_like_one_is_none(self, given: Any) -> None:
        body = {"status": "fail", "error": {"request_id": given}}
        assert responses.read(answer(body, 400), ["ada"])[0].request_id == ""

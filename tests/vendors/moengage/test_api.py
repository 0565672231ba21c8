# SPDX-License-Identifier: Apache-2.0
"""MoEngage's answers and bodies, by its pages: written down from them again, and not taken from the package."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.batching import Batcher
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.vendors.moengage import api as moengage

UTC = timezone.utc
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
        [verdict] = moengage.read(answer(failure(kind), status), range(1))
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
        [verdict] = moengage.read(answer(body, status), range(1))
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
        assert word in moengage.read(answer(failure(kind), status), range(1))[0].meaning

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
        [verdict] = moengage.read(answer({}, status), range(1))
        assert word in verdict.remedy

    def test_each_type_of_400_has_its_own_meaning(self) -> None:
        kinds = [kind for status, kind, _ in ERRORS if status == 400]
        meanings = {moengage.read(answer(failure(kind), 400), range(1))[0].meaning for kind in [*kinds, "unheard of"]}
        assert len(meanings) == len(kinds) + 1

    def test_409_is_no_conflict(self) -> None:
        assert "conflict" not in moengage.read(answer({}, 409), range(1))[0].meaning


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
        assert moengage.read(answer(body), range(1))[0].status is Status.ACCEPTED
        assert moengage.succeeded(answer(body))

    def test_a_200_with_fail_is_rejected(self) -> None:
        [verdict] = moengage.read(answer(failure("MissingAttributeError")), range(1))
        assert (verdict.status, verdict.action, verdict.detail) == (
            Status.REJECTED,
            Action.KEEP,
            "their words (request_id fbGiVuHZ)",
        )
        assert verdict.remedy.endswith(".")
        assert not moengage.succeeded(answer(failure("x")))

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
        [verdict] = moengage.read(answer(body), range(1))
        assert (verdict.status, verdict.action) == (Status.UNKNOWN, Action.KEEP)
        assert verdict.remedy.endswith(".")
        assert not moengage.succeeded(answer(body))

    @pytest.mark.parametrize("status", [201, 202, 204, 206, 301, 400, 401, 403, 409, 413, 415, 418, 429, 500, 503])
    def test_no_other_status_is_one_whatever_the_body(self, status: int) -> None:
        [verdict] = moengage.read(answer({"status": "success"}, status), range(1))
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
        verdicts = moengage.read(answer(body, status), range(users))
        assert len(verdicts) == users
        if isinstance(body, bytes):
            try:
                body = orjson.loads(body)
            except ValueError:
                body = None
        said = body.get("status") if isinstance(body, dict) else None
        success = status == 200 and isinstance(said, str) and said.strip().lower() == "success"
        for verdict in verdicts:
            assert (verdict.status is Status.ACCEPTED) == success
            assert success or (verdict.meaning and verdict.remedy)


class TestBodies:
    """The seed's sample bodies, without the blanks."""

    USER = "john@example.com"

    def send(self, become: Any, row: dict[str, Any], **more: Any) -> Any:
        row = {"customer_id": self.USER, **row}
        return become(moengage.OPERATIONS["set"], {"customer_id": "customer_id"}, row, **more)

    def test_the_first_sample(self, become: Any) -> None:
        row = {"name": "John", "platforms": [{"platform": "ANDROID", "active": "true"}]}
        assert self.send(become, row) == (
            b'{"type":"customer","customer_id":"john@example.com",'
            b'"attributes":{"name":"John","platforms":[{"platform":"ANDROID","active":"true"}]}}'
        )

    def test_the_sample_of_types(self, become: Any) -> None:
        row = {
            "points": 20,
            "expiry_date": datetime(2020, 5, 31, 3, 47, 35),
            "super_user": True,
            "user_persona": "browsers",
            "platforms": [{"platform": "ANDROID", "active": True}],
        }
        assert self.send(become, row) == (
            b'{"type":"customer","customer_id":"john@example.com","attributes":{"points":20,'
            b'"expiry_date":"2020-05-31T03:47:35Z","super_user":true,"user_persona":"browsers",'
            b'"platforms":[{"platform":"ANDROID","active":"true"}]}}'
        )

    def test_the_sample_of_unset(self, become: Any) -> None:
        operation = moengage.unset_attributes(case_sensitive=False)
        names = ("my_int", "my_string", "my_custom_date")
        body = become(
            operation,
            {"customer_id": "id"},
            {"id": self.USER, "x": 1},
            unset=names,
        )
        assert body == (
            b'{"type":"customer","customer_id":"john@example.com","unset_attributes":['
            b'{"type":"equals","attr":"my_int","case_sensitive":false},'
            b'{"type":"equals","attr":"my_string","case_sensitive":false},'
            b'{"type":"equals","attr":"my_custom_date","case_sensitive":false}]}'
        )

    @pytest.mark.parametrize("match", ["equals", "prefix", "suffix", "contains"])
    def test_matches(self, become: Any, match: str) -> None:
        operation = moengage.unset_attributes(match=match)
        body = json.loads(become(operation, {"customer_id": "id"}, {"id": self.USER}, unset=("abc",)))
        assert body["unset_attributes"] == [{"type": match, "attr": "abc", "case_sensitive": True}]
        assert match in moengage.MATCHES

    def test_nulls_are_unset_beside_what_is_set(self, become: Any) -> None:
        assert self.send(become, {"a": 1, "b": None}, unset_nulls=True) == (
            b'{"type":"customer","customer_id":"john@example.com","attributes":{"a":1},'
            b'"unset_attributes":[{"type":"equals","attr":"b","case_sensitive":true}]}'
        )

    def test_existing_users_only(self, become: Any) -> None:
        operation = moengage.set_attributes(update_existing_only=True)
        body = json.loads(become(operation, {"customer_id": "id"}, {"id": self.USER, "a": 1}))
        assert body["update_existing_only"] is True
        assert body["attributes"] == {"a": 1}


class TestOperation:
    def test_is_the_pages(self) -> None:
        operation = moengage.OPERATIONS["set"]
        assert (operation.vendor, operation.path, operation.max_users) == ("MoEngage", "/v1/customer", 1)
        assert operation.idempotent
        assert "queued" in operation.accepted_means
        assert operation.rate_unit == "users"
        assert operation.max_rate is not None
        assert operation.max_rate * 60 == pytest.approx(10_000)
        assert operation.max_rate * 60 <= 10_000 + 1e-6
        assert operation.name == "set attributes"
        assert moengage.OPERATIONS["unset"].name == "unset attributes"

    @pytest.mark.parametrize(
        ("data_center", "url"),
        [
            ("01", "https://api-01.moengage.com"),
            ("06", "https://api-06.moengage.com"),
            ("101", "https://api-101.moengage.com"),
        ],
    )
    def test_addresses(self, data_center: str, url: str) -> None:
        assert moengage.base_url(data_center) == url

    def test_data_centers_are_those_of_the_page(self) -> None:
        assert set(moengage.DATA_CENTERS) == {"01", "02", "03", "04", "05", "06", "101"}

    @pytest.mark.parametrize("letter", ["a", "é", "🦔"])
    def test_no_body_is_over_128_kb(self, letter: str) -> None:
        operation = moengage.OPERATIONS["set"]
        batcher = Batcher(operation)
        assert operation.max_bytes is not None
        assert operation.max_bytes <= 128 * 1024

        def row(size: int) -> UserUpdate:
            return UserUpdate(0, "john", ("john",), {"x": letter * size}, (), {})

        frame = len(operation.encode(row(0)))
        most = (operation.max_bytes - frame) // len(letter.encode())
        assert len(batcher.encode(row(most))) <= operation.max_bytes
        with pytest.raises(InvalidRow) as raised:
            batcher.encode(row(most + 1))
        assert raised.value.verdict.status is Status.INVALID

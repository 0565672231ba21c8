# SPDX-License-Identifier: Apache-2.0
"""EngageLab's answers and bodies, by its two pages: written down from them again, and not taken from the package."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.operation import Operation, Response
from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.vendors.engagelab import api as engagelab

UTC = timezone.utc
CONFIGURATION = (Status.UNSENT, Action.STOP)
DATA = (Status.REJECTED, Action.KEEP)

#: Both seeds, "Error Code": code, its description, what a push makes of it, a word that its meaning must have.
ERRORS = [
    (40050, "Interface authentication failed.", CONFIGURATION, "authentication"),
    (40007, "EUID is empty.", DATA, "EUID is empty"),
    (50031, "Project ID is invalid.", CONFIGURATION, "project ID"),
    (50034, "Project ID does not exist.", CONFIGURATION, "project"),
    (50074, "API data source does not exist.", CONFIGURATION, "data source"),
    (55004, "Business parameters are invalid.", DATA, "parameters"),
    (55101, "The number of user identifiers exceeds the limit.", DATA, "100"),
    (55102, "There are invalid user attribute names.", DATA, "attribute name"),
    (55103, "User attribute values cannot be empty.", DATA, "value is empty"),
    (55105, "The value of the user identifier cannot exceed 256 characters.", DATA, "256"),
    (55106, "The name of the user identifier is not within the supported range.", DATA, "name"),
    (55107, "The value of the user identifier is empty.", DATA, "identifier is empty"),
    (55108, "Invalid EUID.", DATA, "EUID is invalid"),
    (-1, "Internal server error.", (Status.UNKNOWN, Action.RETRY), "internal server error"),
    # Not in the tables: the failure sample of the contact page in Chinese.
    (55014, "Contact exists", DATA, "contact already exists"),
]

OPERATIONS = list(engagelab.OPERATIONS.values())


def answer(body: Any, status: int = 200) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize(("code", "said", "expected", "word"), ERRORS, ids=[str(code) for code, *_ in ERRORS])
class TestDocumentedCodes:
    @pytest.mark.parametrize("status", [200, 401, 429, 500])
    def test_decide_whatever_the_http_status_is(
        self, operation: Operation, code: int, said: str, expected: Any, word: str, status: int
    ) -> None:
        [verdict] = operation.read(answer({"code": code, "message": said}, status), range(1))
        assert (verdict.status, verdict.action) == expected
        assert verdict.code == str(code)

    def test_have_a_meaning_and_a_remedy_and_keep_the_vendor_s_message(
        self, operation: Operation, code: int, said: str, expected: Any, word: str
    ) -> None:
        [verdict] = operation.read(answer({"code": code, "message": said}), range(1))
        assert word in verdict.meaning
        assert verdict.remedy[0].isupper()
        assert verdict.remedy.endswith(".")
        assert verdict.detail == said

    @pytest.mark.parametrize("body", [{}, {"message": None}, {"message": ""}, {"message": "other words"}], ids=str)
    def test_do_not_depend_on_the_message(
        self, operation: Operation, code: int, said: str, expected: Any, word: str, body: dict[str, Any]
    ) -> None:
        [verdict] = operation.read(answer({"code": code, **body}), range(1))
        assert (verdict.status, verdict.action) == expected


class TestSuccess:
    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
    def test_the_page_s_sample(self, operation: Operation) -> None:
        [verdict] = operation.read(answer(b'{ "code": 0, "message": "success" }'), range(1))
        assert verdict.status is Status.ACCEPTED

    @pytest.mark.parametrize(
        "message",
        ["partial success", "successful", "success!", "", None, True, 1, ["success"], {"success": True}],
        ids=repr,
    )
    def test_any_other_message_is_partial(self, message: Any) -> None:
        [verdict] = engagelab.read(answer({"code": 0, "message": message}), range(1))
        assert verdict.status is Status.PARTIAL
        assert verdict.action is Action.KEEP
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize("message", ["Success", "SUCCESS", "success ", " success\n"], ids=repr)
    def test_case_and_whitespace_of_the_message_do_not_matter(self, message: str) -> None:
        assert engagelab.read(answer({"code": 0, "message": message}), range(1))[0].status is Status.ACCEPTED

    def test_no_message_is_partial(self) -> None:
        assert engagelab.read(answer({"code": 0}), range(1))[0].status is Status.PARTIAL

    def test_further_fields_do_no_harm(self) -> None:
        body = {"code": 0, "message": "success", "data": [1], "trace": "x"}
        assert engagelab.read(answer(body), range(1))[0].status is Status.ACCEPTED

    def test_the_failure_sample_of_the_attributes_page(self) -> None:
        [verdict] = engagelab.read(answer(b'{ "code": 55102, "message": "Invalid user attributes exist" }'), range(1))
        assert (verdict.status, verdict.code) == (Status.REJECTED, "55102")


documented = {code for code, *_ in ERRORS} | {0}


class TestEverythingElse:
    @given(code=st.integers(-(2**63), 2**63 - 1).filter(lambda code: code not in documented), said=st.text(max_size=20))
    def test_an_undocumented_code_is_rejected_and_final(self, code: int, said: str) -> None:
        """Because the pages say that other values than 0 represent failure."""
        [verdict] = engagelab.read(answer({"code": code, "message": said}), range(1))
        assert (verdict.status, verdict.action, verdict.code) == (Status.REJECTED, Action.KEEP, str(code))
        assert verdict.meaning
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (400, (Status.REJECTED, Action.KEEP)),
            (401, (Status.UNSENT, Action.STOP)),
            (407, (Status.UNSENT, Action.STOP)),
            (429, (Status.UNSENT, Action.RETRY)),
            (502, (Status.UNKNOWN, Action.RETRY)),
            (202, (Status.UNKNOWN, Action.KEEP)),
        ],
    )
    def test_an_undocumented_code_under_another_status_may_be_a_gateway_s(self, status: int, expected: Any) -> None:
        [verdict] = engagelab.read(answer({"code": status, "message": "Bad gateway"}, status), range(1))
        assert (verdict.status, verdict.action, verdict.code) == (*expected, str(status))

    @pytest.mark.parametrize("message", ["success", "partial success", None])
    @pytest.mark.parametrize(
        ("status", "action"),
        [
            (201, Action.KEEP),
            (202, Action.KEEP),
            (206, Action.KEEP),
            (302, Action.STOP),
            (400, Action.KEEP),
            (403, Action.STOP),
            (413, Action.KEEP),
            (429, Action.RETRY),
            (500, Action.RETRY),
            (503, Action.RETRY),
        ],
    )
    def test_code_0_under_another_status_than_200_is_unknown(self, status: int, action: Action, message: Any) -> None:
        [verdict] = engagelab.read(answer({"code": 0, "message": message}, status), range(1))
        assert (verdict.status, verdict.action, verdict.code) == (Status.UNKNOWN, action, str(status))

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (200, (Status.UNKNOWN, Action.KEEP)),
            (401, (Status.UNSENT, Action.STOP)),
            (429, (Status.UNSENT, Action.RETRY)),
            (502, (Status.UNKNOWN, Action.RETRY)),
        ],
    )
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>502 Bad Gateway</html>",
            b"\xff\xfe",
            b'{"code": 0, "message": "success"',
            b"null",
            b"0",
            b'"success"',
            b"[]",
            b'[{"code": 0, "message": "success"}]',
            b"{}",
            b'{"message": "success"}',
            b'{"code": null, "message": "success"}',
            b'{"code": "0", "message": "success"}',
            b'{"code": false, "message": "success"}',
            b'{"code": 0.0, "message": "success"}',
            b'{"code": "55102"}',
            b'{"code": [0], "message": "success"}',
            b'{"code": 123456789012345678901234567890, "message": "success"}',
        ],
        ids=ascii,
    )
    def test_without_an_integer_code_the_http_status_decides(self, body: bytes, status: int, expected: Any) -> None:
        [verdict] = engagelab.read(answer(body, status), range(1))
        assert (verdict.status, verdict.action) == expected

    @settings(max_examples=500)
    @given(
        body=st.one_of(
            st.binary(max_size=60),
            st.recursive(
                st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
                lambda inner: st.one_of(
                    st.lists(inner, max_size=3),
                    st.dictionaries(st.sampled_from(["code", "message", "data"]), inner, max_size=3),
                ),
                max_leaves=6,
            ),
            st.fixed_dictionaries(
                {
                    "code": st.sampled_from([0, 0.0, False, "0", None, -1, 40050, []]),
                    "message": st.sampled_from(["success", "Success", None, 0, []]),
                }
            ),
        ),
        status=st.one_of(st.just(200), st.integers(100, 599)),
        users=st.integers(1, 3),
    )
    def test_nothing_makes_it_raise_and_only_the_exact_values_are_a_success(
        self, body: Any, status: int, users: int
    ) -> None:
        verdicts = engagelab.read(answer(body, status), range(users))
        assert len(verdicts) == users
        if isinstance(body, bytes):
            try:
                body = orjson.loads(body)
            except ValueError:
                body = None
        success: bool = isinstance(body, dict) and type(body.get("code")) is int and body["code"] == 0
        success = success and status == 200 and str(body.get("message")).strip().lower() == "success"
        for verdict in verdicts:
            assert (verdict.status is Status.ACCEPTED) == success
            assert success or (verdict.meaning and verdict.remedy)


class TestBodies:
    """The pages' sample bodies, without the blanks and the comment."""

    def test_set(self, become: Any) -> None:
        row = {
            "euid": 10362473,
            "user_number_once": 46.2,
            "user_string_once": "refef",
            "user_datetime_once": datetime(2023, 12, 12, 0, 56, 23),
        }
        assert become(engagelab.OPERATIONS["set"], {"euid": "euid"}, row) == (
            b'{"euid":10362473,"type":"set","properties":{"user_number_once":46.2,"user_string_once":"refef",'
            b'"user_datetime_once":"2023-12-12 00:56:23"}}'
        )

    def test_contact(self, become: Any) -> None:
        row = {"euid": 10362473, "mobile_phone": "18023456879", "email": "12@gmail.com"}
        assert become(engagelab.OPERATIONS["contacts"], {"euid": "euid"}, row) == (
            b'{"euid":10362473,"contacts":{"mobile_phone":"18023456879","email":"12@gmail.com"}}'
        )

    @pytest.mark.parametrize(
        ("name", "value", "properties"),
        [
            ("increase", 5, b'{"x":5}'),
            ("increase", -5, b'{"x":-5}'),
            ("add", "a", b'{"x":["a"]}'),
            ("add", ["a", "b"], b'{"x":["a","b"]}'),
            ("remove", ["a"], b'{"x":["a"]}'),
            ("set", "{{ var.value.key }}", b'{"x":"{{ var.value.key }}"}'),
        ],
    )
    def test_the_other_operations(self, become: Any, name: str, value: Any, properties: bytes) -> None:
        operation = engagelab.OPERATIONS[name]
        body = become(operation, {"euid": "euid"}, {"euid": 1, "x": value})
        assert body == b'{"euid":1,"type":"%s","properties":%s}' % (name.encode(), properties)

    def test_delete_names_the_properties_with_values_that_are_not_empty(self, become: Any) -> None:
        """Because 55103 refuses empty ones."""
        operation = engagelab.OPERATIONS["unset"]
        body = json.loads(become(operation, {"euid": "euid"}, {"euid": 1, "x": 5}, unset=("a", "b")))
        assert (body["euid"], body["type"], body["properties"].keys()) == (1, "delete", {"a", "b"})
        assert all(value for value in body["properties"].values())

    def test_a_name_to_delete_that_cannot_be_written_is_named(self, become: Any) -> None:
        operation = engagelab.OPERATIONS["unset"]
        verdict = become(operation, {"euid": "euid"}, {"euid": 1}, unset=("a\ud800",))
        assert verdict.code == "not-utf-8"


class TestOperations:
    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
    def test_take_one_user_a_call(self, operation: Operation) -> None:
        assert operation.max_users == 1
        assert operation.vendor == "EngageLab"
        assert "request" in operation.accepted_means

    @pytest.mark.parametrize("name", ["set", "increase", "add", "remove", "unset"])
    def test_property(self, name: str) -> None:
        operation = engagelab.OPERATIONS[name]
        assert operation.path == "/v1/user/property"
        assert operation.name == f"{name} attributes"
        assert operation.idempotent is (name != "increase")

    def test_contact(self) -> None:
        assert engagelab.OPERATIONS["contacts"].path == "/v1/user/contact"
        assert engagelab.OPERATIONS["contacts"].name == "set contacts"
        assert engagelab.OPERATIONS["contacts"].idempotent

    def test_operations_and_regions_are_those_of_the_pages(self) -> None:
        assert set(engagelab.SET_OPERATIONS) == {"set", "increase", "add", "remove"}
        assert engagelab.REGIONS == {
            "singapore": "https://ma-api.engagelab.com",
            "virginia": "https://ma-api-usva.engagelab.com",
        }

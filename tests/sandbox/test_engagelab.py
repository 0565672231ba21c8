# SPDX-License-Identifier: Apache-2.0
"""EngageLab MA: what seeds 000 and 001 say, each error by its real cause, each switch."""

from __future__ import annotations

from typing import Any

import pytest

SUCCESS = {"code": 0, "message": "success"}
EUID = 10362473


@pytest.fixture(autouse=True)
def _seeded(control: Any) -> None:
    control.seed("engagelab", EUID, 7)


def properties(control: Any, euid: int = EUID) -> Any:
    return control.user("engagelab", euid)["properties"]


def code(answer: Any) -> int:
    return int((answer if isinstance(answer, dict) else answer.json())["code"])


class TestOperations:
    def test_set_overwrites(self, client: Any, control: Any) -> None:
        answer = client.property(
            {
                "euid": EUID,
                "type": "set",
                "properties": {
                    "user_number_once": 46.2,
                    "user_string_once": "refef",
                    "user_datetime_once": "2023-12-12 00:56:23",
                },
            }
        )
        assert (answer.status_code, answer.json()) == (200, SUCCESS)
        client.set(EUID, user_string_once="new", flag=False, tags=["a"])
        assert properties(control) == {
            "user_number_once": 46.2,
            "user_string_once": "new",
            "user_datetime_once": "2023-12-12 00:56:23",
            "flag": False,
            "tags": ["a"],
        }
        assert control.user("engagelab", EUID)["updates"] == 2

    def test_increase_starts_at_0_and_accumulates(self, client: Any, control: Any) -> None:
        for _ in range(2):
            assert client.set(EUID, "increase", points=5) == SUCCESS
        client.set(EUID, "increase", points=-1)
        assert properties(control) == {"points": 9}

    def test_add_and_remove(self, client: Any, control: Any) -> None:
        client.set(EUID, "add", tags=["a", "b"])
        client.set(EUID, "add", tags="b")
        assert properties(control) == {"tags": ["a", "b"]}
        client.set(EUID, "remove", tags=["a", "z"], never="a")
        assert properties(control) == {"tags": ["b"]}

    def test_add_without_deduplication(self, client: Any, control: Any) -> None:
        control.switch(engagelab__add_deduplicates=False)
        client.set(EUID, "add", tags=["a", "a"])
        client.set(EUID, "add", tags="a")
        assert properties(control) == {"tags": ["a", "a", "a"]}

    def test_delete_ignores_the_value_and_what_is_missing(self, client: Any, control: Any) -> None:
        client.set(EUID, a=1, b=2, c=3)
        assert client.set(EUID, "delete", a="", b=99, never=None) == SUCCESS
        assert properties(control) == {"c": 3}

    def test_delete_may_check_the_value(self, client: Any, control: Any) -> None:
        control.switch(engagelab__delete_checks_value=True)
        assert code(client.set(EUID, "delete", a="")) == 55103

    @pytest.mark.parametrize("value", [1.5, "1", True, ["1"]])
    def test_increase_by_no_integer(self, client: Any, control: Any, value: Any) -> None:
        client.set(EUID, points=1)
        assert code(client.set(EUID, "increase", points=value)) == 55004
        control.switch(engagelab__increase_non_integer="ignore")
        assert client.set(EUID, "increase", points=value, other=2, third=value) == SUCCESS
        assert properties(control) == {"points": 1, "other": 2}

    def test_increase_of_no_integer(self, client: Any, control: Any) -> None:
        client.set(EUID, points="many")
        assert code(client.set(EUID, "increase", points=1)) == 55004
        assert properties(control) == {"points": "many"}

    @pytest.mark.parametrize("operation", ["add", "remove"])
    def test_list_operation_on_no_list(self, client: Any, control: Any, operation: str) -> None:
        client.set(EUID, tags="a")
        assert code(client.set(EUID, operation, tags=["a"])) == 55004
        control.switch(engagelab__list_wrong_type="ignore")
        assert client.set(EUID, operation, tags=["a"]) == SUCCESS
        assert properties(control) == {"tags": "a"}

    @pytest.mark.parametrize("operation", ["set", "add", "remove"])
    def test_list_element_that_is_no_string(self, client: Any, control: Any, operation: str) -> None:
        assert code(client.set(EUID, operation, tags=["a", 1])) == 55004
        control.switch(engagelab__list_wrong_type="ignore")
        assert client.set(EUID, operation, tags=["a", 1]) == SUCCESS
        assert properties(control).get("tags", []) == ([] if operation == "remove" else ["a"])

    def test_a_refusal_changes_nothing(self, client: Any, control: Any) -> None:
        assert code(client.set(EUID, fine=1, empty="")) == 55103
        assert control.user("engagelab", EUID) == {"properties": {}, "contacts": {}, "updates": 0}
        assert control.last()["applied"] is False
        assert control.last()["codes"] == {"55103": 1}


LOGINS = {
    ("sandbox-key", "wrong"): 40050,
    ("somebody", "sandbox-secret"): 40050,
    ("refused", "any"): 40050,
    ("invalid-project", "any"): 50031,
    ("deleted-project", "any"): 50034,
    ("deleted-source", "any"): 50074,
}
MESSAGES = {
    40050: "Interface authentication failed.",
    40007: "EUID is empty.",
    50031: "Project ID is invalid.",
    50034: "Project ID does not exist.",
    50074: "API data source does not exist.",
    55004: "Business parameters are invalid.",
    55014: "Contact exists",
    55102: "Invalid user attributes exist",
    55103: "User attribute values cannot be empty.",
    55108: "Invalid EUID.",
}
SET = {"euid": EUID, "type": "set", "properties": {"a": 1}}
BODIES = [
    (b"{", 55004),
    (b'{"euid": NaN}', 55004),
    (b"\xff", 55004),
    (b"[" * 100_000, 55004),
    (b"", 55004),
    ([], 55004),
    ({**SET, "type": "append"}, 55004),
    ({**SET, "type": ["set"]}, 55004),
    ({"euid": EUID, "properties": {"a": 1}}, 55004),
    ({"euid": EUID, "type": "set"}, 55004),
    ({**SET, "properties": []}, 55004),
    ({**SET, "properties": {}}, 55004),
    ({**SET, "properties": {"a": {"b": 1}}}, 55004),
    ({"type": "set", "properties": {"a": 1}}, 40007),
    ({**SET, "euid": None}, 40007),
    ({**SET, "euid": ""}, 40007),
    ({**SET, "euid": 8}, 55108),
    ({**SET, "euid": str(EUID)}, 55108),
    ({**SET, "euid": float(EUID)}, 55108),
    ({**SET, "euid": True}, 55108),
    ({**SET, "euid": -7}, 55108),
    ({**SET, "euid": 2**63}, 55108),
    ({**SET, "properties": {"": 1}}, 55102),
    ({**SET, "properties": {"x" * 256: 1}}, 55102),
    ({**SET, "properties": {"a": None}}, 55103),
    ({**SET, "properties": {"a": ""}}, 55103),
    ({**SET, "properties": {"a": []}}, 55103),
    # The order of the checks: who calls, the shape, the user, the names, the values.
    ({"type": "append", "properties": {"": ""}}, 55004),
    ({"type": "set", "properties": {"": ""}}, 40007),
    ({"euid": 8, "type": "set", "properties": {"": ""}}, 55108),
    ({**SET, "properties": {"a": "", "": 1}}, 55102),
]


class TestErrors:
    @pytest.mark.parametrize(("login", "expected"), LOGINS.items())
    def test_login(self, client: Any, login: Any, expected: int) -> None:
        answer = client.property(b"not even JSON", auth=login)
        assert answer.status_code == 200
        assert answer.json() == {"code": expected, "message": MESSAGES[expected]}

    @pytest.mark.parametrize("header", [None, "Bearer x", "Basic !", "Basic bm9jb2xvbg==", "Basic /w=="])
    def test_no_basic_credentials(self, client: Any, header: str | None) -> None:
        headers = {} if header is None else {"Authorization": header}
        assert code(client.property(SET, auth=None, headers=headers)) == 40050

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            ("refused", 40050),
            ("invalid-project", 50031),
            ("deleted-project", 50034),
            ("deleted-source", 50074),
        ],
    )
    def test_account(self, client: Any, control: Any, state: str, expected: int) -> None:
        control.switch(engagelab__account=state)
        assert code(client.set(EUID, a=1)) == expected

    @pytest.mark.parametrize(("body", "expected"), BODIES)
    def test_body(self, client: Any, body: Any, expected: int) -> None:
        answer = client.property(body)
        assert answer.json() == {"code": expected, "message": MESSAGES[expected]}

    def test_content_type(self, client: Any) -> None:
        assert code(client.property(b"{}", headers={"Content-Type": "text/plain"})) == 55004
        assert client.property(SET, headers={"Content-Type": "Application/JSON; charset=utf-8"}).json() == SUCCESS

    def test_method_and_path(self, client: Any) -> None:
        answer = client.property(SET, method="PUT")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert client.send("/engagelab/v1/user/unknown", SET, None).status_code == 404
        assert client.send("/engagelab", SET, None).status_code == 404

    @pytest.mark.parametrize(("user", "status"), [("refused", 401), ("deleted-project", 401), ("sandbox-key", 400)])
    def test_mapped_http_status(self, client: Any, control: Any, user: str, status: int) -> None:
        control.switch(engagelab__http_status="mapped")
        assert client.property([], auth=(user, "sandbox-secret")).status_code == status

    def test_name_limit_and_reserved_names(self, client: Any, control: Any) -> None:
        assert client.set(EUID, **{"x" * 255: 1}) == SUCCESS
        control.switch(engagelab__name_limit=3, engagelab__reserved_names=["no"])
        assert client.set(EUID, abc=1) == SUCCESS
        assert code(client.set(EUID, abcd=1)) == 55102
        assert code(client.set(EUID, no=1)) == 55102

    def test_any_user(self, client: Any, control: Any) -> None:
        control.switch(engagelab__any_user=True)
        assert client.set(99, a=1) == SUCCESS
        assert client.contact({"euid": 98, "contacts": {"email": "a@example.com"}}).json() == SUCCESS
        assert properties(control, 99) == {"a": 1}
        assert control.get("users/engagelab")["count"] == 4


class TestContact:
    CONTACTS = {"mobile_phone": "18023456879", "email": "12@gmail.com"}  # noqa: RUF012

    def test_stored(self, client: Any, control: Any) -> None:
        assert client.contact({"euid": EUID, "contacts": self.CONTACTS}).json() == SUCCESS
        assert client.contact({"euid": EUID, "contacts": {"email": "new@example.com"}}).json() == SUCCESS
        assert control.user("engagelab", EUID) == {
            "properties": {},
            "contacts": {"mobile_phone": "18023456879", "email": "new@example.com"},
            "updates": 2,
        }

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"euid": EUID}, 55004),
            ({"euid": EUID, "contacts": {}}, 55004),
            ({"euid": EUID, "contacts": ["email"]}, 55004),
            ({"euid": EUID, "contacts": {"mobile_phone": 18023456879}}, 55004),
            ({"contacts": {"email": "a"}}, 40007),
            ({"euid": 8, "contacts": {"email": "a"}}, 55108),
            ({"euid": EUID, "contacts": {"": "a"}}, 55102),
            ({"euid": EUID, "contacts": {"email": ""}}, 55103),
            ({"euid": EUID, "contacts": {"email": None}}, 55103),
        ],
    )
    def test_errors(self, client: Any, body: Any, expected: int) -> None:
        assert client.contact(body).json() == {"code": expected, "message": MESSAGES[expected]}

    def test_contact_exists(self, client: Any, control: Any) -> None:
        email = {"email": "a@example.com"}
        assert client.contact({"euid": 7, "contacts": email}).json() == SUCCESS
        assert client.contact({"euid": EUID, "contacts": email}).json() == SUCCESS
        control.switch(engagelab__duplicate_contact=True)
        assert client.contact({"euid": EUID, "contacts": email}).json() == {
            "code": 55014,
            "message": "Contact exists",
        }
        client.contact({"euid": 7, "contacts": {"email": "b@example.com"}})
        assert client.contact({"euid": EUID, "contacts": email}).json() == SUCCESS


class TestPartialSuccess:
    def test_property(self, client: Any, control: Any) -> None:
        control.switch(engagelab__partial_success=True, history=True)
        assert client.set(EUID, a=1, b=2) == {"code": 0, "message": "partial success"}
        assert properties(control) == {"a": 1}
        history = control.user("engagelab", EUID)["history"]
        assert history == [{"type": "set", "properties": {"a": 1}}]

    def test_contact(self, client: Any, control: Any) -> None:
        control.switch(engagelab__partial_success=True)
        assert code(client.contact({"euid": EUID, "contacts": {"email": "a", "mobile_phone": "b"}})) == 0
        assert control.user("engagelab", EUID)["contacts"] == {"email": "a"}

    def test_register(self, client: Any, control: Any) -> None:
        control.switch(engagelab__partial_success=True)
        answer = client.register({"identity_name": "user_id", "identity_values": ["a", "b"]}).json()
        assert [found["identity_value"] for found in answer["data"]] == ["a"]

    def test_fault(self, client: Any, control: Any) -> None:
        control.fault({"code": 0, "message": "some of it"}, {"next": 1}, "engagelab")
        assert client.set(EUID, a=1, b=2) == {"code": 0, "message": "some of it"}
        assert client.set(EUID, c=3) == SUCCESS
        assert properties(control) == {"a": 1, "c": 3}

    def test_fault_that_loses_everything(self, client: Any, control: Any) -> None:
        control.fault({"code": 0, "apply": "never"}, vendor="engagelab")
        assert client.set(EUID, a=1, b=2) == {"code": 0, "message": "partial success"}
        assert properties(control) == {}


def test_history(client: Any, control: Any) -> None:
    control.switch(history=True)
    client.set(EUID, a=1)
    client.contact({"euid": EUID, "contacts": {"email": "a"}})
    client.set(EUID, "delete", a="gone")
    assert control.user("engagelab", EUID)["history"] == [
        {"type": "set", "properties": {"a": 1}},
        {"type": "contact", "contacts": {"email": "a"}},
        {"type": "delete", "properties": {"a": "gone"}},
    ]

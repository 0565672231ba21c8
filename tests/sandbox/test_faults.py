# SPDX-License-Identifier: Apache-2.0
"""The faults: when they happen, what happens, and what becomes of the update."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from airflow_provider_userattrs.sandbox.engagelab.errors import ERRORS as ENGAGELAB_ERRORS
from airflow_provider_userattrs.sandbox.moengage.errors import ERRORS as MOENGAGE_ERRORS

OK = {"success": True}


@pytest.fixture(autouse=True)
def _seeded(control: Any) -> None:
    control.seed("engagelab", 7, 8)
    control.seed("kahuna", *({"username": name, "email": f"{name}@example.com"} for name in "abcd"))


def applied(control: Any, vendor: str = "engagelab", key: object = 7) -> int:
    return int(control.user(vendor, key)["updates"])


def statuses(client: Any, count: int, euid: int = 7) -> list[int]:
    body = {"euid": euid, "type": "set", "properties": {"a": 1}}
    return [client.property(body).status_code for _ in range(count)]


def kahuna(client: Any, names: str, **attributes: Any) -> Any:
    return client.items(*(({"username": name}, attributes or {"x": 1}) for name in names))


class TestWhen:
    @pytest.mark.parametrize(
        ("when", "expected"),
        [
            (None, [503, 503, 503, 503]),
            ({"next": 2}, [503, 503, 200, 200]),
            ({"every": 2}, [200, 503, 200, 503]),
            ({"from": 2, "to": 3}, [200, 503, 503, 200]),
            ({"from": 3}, [200, 200, 503, 503]),
            ({"from": 3, "to": None}, [200, 200, 503, 503]),
            ({"users": [7]}, [503, 503, 503, 503]),
            ({"users": ["7", "8"], "times": 1}, [503, 200, 200, 200]),
            ({"users": [8], "times": None}, [200, 200, 200, 200]),
        ],
    )
    def test_requests(self, client: Any, control: Any, when: Any, expected: list[int]) -> None:
        control.fault({"status": 503}, when)
        assert statuses(client, 4) == expected
        (fault,) = control.get("faults")["faults"]
        assert (fault["seen"], fault["fired"]) == (4, expected.count(503))

    def test_vendor_and_path(self, client: Any, control: Any) -> None:
        control.fault({"status": 503}, vendor="engagelab", path="/user/contact")
        assert statuses(client, 1) == [200]
        assert kahuna(client, "a").status_code == 200
        assert client.contact({"euid": 7, "contacts": {"email": "a"}}).status_code == 503
        assert control.get("faults")["faults"][0]["seen"] == 1

    def test_a_list_of_faults_is_a_sequence(self, client: Any, control: Any) -> None:
        faults = [{"when": {"next": 1}, "then": {"status": status}} for status in (500, 429, 502)]
        ids = control.post("faults", faults)["ids"]
        assert statuses(client, 4) == [500, 429, 502, 200]
        assert [entry["fault"] for entry in control.get("journal")["requests"]] == [*ids, None]

    def test_taken_back(self, client: Any, control: Any, http: requests.Session) -> None:
        control.fault({"status": 503})
        assert http.delete(f"{control.url}/faults").status_code == 200
        assert control.get("faults") == {"faults": []}
        assert statuses(client, 1) == [200]

    def test_users_need_a_readable_body(self, client: Any, control: Any) -> None:
        control.fault({"status": 503}, {"users": ["7", "a"]})
        assert client.property(b"{").status_code == 200
        assert client.kahuna(b"{").status_code == 400
        assert client.kahuna({"user_attributes_array": [5, {"target": 5}]}).status_code == 400
        assert client.customer(b"{").status_code == 400
        assert client.track("a").status_code == 503


class TestAnswers:
    @pytest.mark.parametrize("code", ENGAGELAB_ERRORS)
    def test_engagelab_code(self, client: Any, control: Any, code: int) -> None:
        control.fault({"code": code}, vendor="engagelab")
        assert client.set(7, a=1) == {"code": code, "message": ENGAGELAB_ERRORS[code][0]}
        assert applied(control) == 0

    def test_engagelab_unknown_code(self, client: Any, control: Any) -> None:
        control.fault({"code": 99999, "message": "odd", "status": 418}, vendor="engagelab")
        answer = client.property({"euid": 7, "type": "set", "properties": {"a": 1}})
        assert (answer.status_code, answer.json()) == (418, {"code": 99999, "message": "odd"})

    @pytest.mark.parametrize(("status", "code"), [(400, 55004), (401, 40050), (500, -1)])
    def test_engagelab_status(self, client: Any, control: Any, status: int, code: int) -> None:
        control.fault({"status": status})
        answer = client.property({"euid": 7, "type": "set", "properties": {"a": 1}})
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    @pytest.mark.parametrize("kind", MOENGAGE_ERRORS)
    def test_moengage_type(self, client: Any, control: Any, kind: str) -> None:
        control.fault({"code": kind}, vendor="moengage")
        answer = client.track("somebody", {"a": 1})
        assert (answer.status_code, answer.json()["error"]["type"]) == (MOENGAGE_ERRORS[kind][0], kind)
        assert control.get("users/moengage")["count"] == 0

    def test_moengage_unknown_type(self, client: Any, control: Any) -> None:
        control.fault({"code": "Odd", "status": 422, "message": "odd"}, vendor="moengage")
        answer = client.track("somebody")
        assert (answer.status_code, answer.json()["error"]["message"]) == (422, "odd")

    @pytest.mark.parametrize(
        ("status", "kind"), [(429, "RateLimitError"), (500, "ServerError"), (400, "MissingAttributeError")]
    )
    def test_moengage_status(self, client: Any, control: Any, status: int, kind: str) -> None:
        control.fault({"status": status, "headers": {"x-ratelimit-reset": 12, "Retry-After": "3"}})
        answer = client.track("somebody")
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
        assert (answer.headers["x-ratelimit-reset"], answer.headers["retry-after"]) == ("12", "3")

    @pytest.mark.parametrize("status", [400, 401, 409, 500])
    def test_kahuna_status(self, client: Any, control: Any, status: int) -> None:
        control.fault({"status": status, "message": "why"})
        answer = kahuna(client, "a")
        assert (answer.status_code, answer.json()[0]["error_code"]) == (status, status)
        assert answer.json()[0]["error"] == "why"

    def test_kahuna_code_of_the_request(self, client: Any, control: Any) -> None:
        control.fault({"status": 503, "code": 17}, vendor="kahuna")
        answer = kahuna(client, "ab")
        assert answer.json() == [{"success": False, "error_code": 17, "error": "Request failed"}]

    @pytest.mark.parametrize("status", [502, 599])
    def test_a_gateways_page(self, client: Any, control: Any, status: int) -> None:
        control.fault({"status": status, "message": "<away>"})
        for answer in (kahuna(client, "a"), client.track("somebody"), client.property({})):
            assert answer.status_code == status
            assert answer.headers["content-type"].startswith("text/html")
            assert "&lt;away&gt;" in answer.text

    def test_literal_body(self, client: Any, control: Any) -> None:
        control.fault({"body": '{"code": 0, "mess', "content_type": "text/plain"}, {"next": 1})
        answer = client.property({"euid": 7, "type": "set", "properties": {"a": 1}})
        assert (answer.status_code, answer.text) == (200, '{"code": 0, "mess')
        assert answer.headers["content-type"] == "text/plain"
        assert applied(control) == 0

    def test_no_content(self, client: Any, control: Any) -> None:
        control.fault({"status": 204})
        answer = client.track("somebody", {"a": 1})
        assert (answer.status_code, answer.content) == (204, b"")
        assert control.get("users/moengage")["count"] == 0

    def test_a_success_that_applies_nothing(self, client: Any, control: Any) -> None:
        control.fault({"status": 200})
        assert kahuna(client, "ab").json() == [OK, OK]
        assert client.set(7, a=1)["code"] == 0
        assert client.contact({"euid": 7, "contacts": {"email": "a"}}).json()["code"] == 0
        assert client.track("somebody", {"a": 1}).status_code == 200
        assert applied(control) == applied(control, "kahuna", "a") == 0
        assert not any(entry["applied"] for entry in control.get("journal")["requests"])

    @pytest.mark.parametrize(("status", "expected"), [(None, 302), (307, 307)])
    def test_redirect(self, client: Any, control: Any, status: int | None, expected: int) -> None:
        control.fault({"location": "http://127.0.0.1:9/elsewhere"} | ({} if status is None else {"status": status}))
        answer = kahuna(client, "a")
        assert (answer.status_code, answer.headers["location"]) == (expected, "http://127.0.0.1:9/elsewhere")
        assert applied(control, "kahuna", "a") == 0

    def test_headers_alone_leave_the_response_to_the_vendor(self, client: Any, control: Any) -> None:
        control.fault({"headers": {"x-ratelimit-remaining": "0"}, "content_type": "text/json"})
        answer = kahuna(client, "a")
        assert (answer.json(), answer.headers["x-ratelimit-remaining"]) == ([OK], "0")
        assert answer.headers["content-type"] == "text/json"
        assert applied(control, "kahuna", "a") == 1

    def test_headers_alone_with_the_update_lost(self, client: Any, control: Any) -> None:
        control.fault({"headers": {"x": "y"}, "apply": "never"})
        assert client.set(7, a=1)["code"] == 0
        assert applied(control) == 0

    def test_applied_and_then_refused(self, client: Any, control: Any) -> None:
        control.fault({"status": 500, "apply": "before"}, {"next": 1})
        for _ in range(2):
            client.set(7, "increase", points=1)
        assert control.user("engagelab", 7)["properties"] == {"points": 2}
        first = control.get("journal")["requests"][0]
        assert (first["status"], first["applied"]) == (500, True)

    def test_applied_before_only_if_it_could_be(self, client: Any, control: Any) -> None:
        control.fault({"status": 500, "apply": "before"})
        client.set(99, a=1)
        assert control.last()["applied"] is False


class TestKahunaItems:
    def test_code_for_some_users(self, client: Any, control: Any) -> None:
        control.fault({"code": 404}, {"users": ["b", "d@example.com"]}, "kahuna")
        answer = client.items(*(({"email": f"{n}@example.com", "username": n}, {"x": 1}) for n in "abcd"))
        failed = {"success": False, "error_code": 404, "error": "User not found"}
        assert answer.json() == [OK, failed, OK, failed]
        assert [applied(control, "kahuna", n) for n in "abcd"] == [1, 0, 1, 0]
        assert control.last()["applied"] is True

    def test_code_for_all(self, client: Any, control: Any) -> None:
        control.fault({"code": 503, "message": "later"}, {"next": 1}, "kahuna")
        failed = {"success": False, "error_code": 503, "error": "later"}
        assert kahuna(client, "ab").json() == [failed, failed]
        assert kahuna(client, "ab").json() == [OK, OK]
        assert applied(control, "kahuna", "a") == 1

    def test_an_item_applied_and_then_refused(self, client: Any, control: Any) -> None:
        control.fault({"code": 500, "apply": "before"}, {"users": ["a"]}, "kahuna")
        assert kahuna(client, "ab").json()[0] == {
            "success": False,
            "error_code": 500,
            "error": "Update failed",
        }
        assert [applied(control, "kahuna", n) for n in "ab"] == [1, 1]

    def test_never_concerns_the_items_alone(self, client: Any, control: Any) -> None:
        control.fault({"code": 500, "apply": "never"}, {"users": ["a"]}, "kahuna")
        kahuna(client, "ab")
        assert [applied(control, "kahuna", n) for n in "ab"] == [0, 1]

    def test_faults_by_item_add_up(self, client: Any, control: Any) -> None:
        control.fault({"code": 400}, {"users": ["a"]}, "kahuna")
        control.fault({"code": 500}, {"users": ["a", "b"], "times": 1}, "kahuna")
        codes = [item.get("error_code") for item in kahuna(client, "abc").json()]
        assert codes == [400, 500, None]
        codes = [item.get("error_code") for item in kahuna(client, "abc").json()]
        assert codes == [400, None, None]

    def test_the_vendors_checks_come_first(self, client: Any, control: Any) -> None:
        control.fault({"code": 404}, {"users": ["a"]}, "kahuna")
        array = [{"target": {"username": "a"}, "attributes": {"x": 1}}]
        assert client.kahuna({"user_attributes_array": array}, auth=None).status_code == 401

    def test_a_batch_with_a_bad_user_fails_as_a_whole(self, client: Any, control: Any) -> None:
        control.fault({"status": 400}, {"users": ["c"]}, "kahuna")
        assert kahuna(client, "abcd").status_code == 400
        assert kahuna(client, "ab").json() == [OK, OK]
        assert kahuna(client, "c").status_code == 400
        assert kahuna(client, "d").json() == [OK]
        assert [applied(control, "kahuna", n) for n in "abcd"] == [1, 1, 0, 1]

    @pytest.mark.parametrize(("missing", "left"), [(1, 2), (9, 0)])
    def test_short_array(self, client: Any, control: Any, missing: int, left: int) -> None:
        control.fault({"short_array": missing}, vendor="kahuna")
        assert kahuna(client, "abc").json() == [OK] * left
        assert applied(control, "kahuna", "c") == 1

    def test_short_array_with_the_update_lost(self, client: Any, control: Any) -> None:
        control.fault({"short_array": 1, "apply": "never"}, vendor="kahuna")
        assert kahuna(client, "abc").json() == [OK, OK]
        assert applied(control, "kahuna", "a") == 0


class Background:
    """A request that waits for its answer in a thread."""

    def __init__(self, send: Callable[[], Any]) -> None:
        self.answer: Any = None
        self.error: Exception | None = None
        self._send = send
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._send()
        except requests.RequestException as error:
            self.error = error

    def join(self) -> Background:
        self._thread.join()
        return self


def post_set(url: str, **options: Any) -> Any:
    body = {"euid": 7, "type": "set", "properties": {"a": 1}}
    auth = ("sandbox-key", "sandbox-secret")
    return requests.post(f"{url}/engagelab/v1/user/property", json=body, auth=auth, **options).json()


class TestConnection:
    @pytest.mark.parametrize(("apply", "expected"), [(None, 0), ("never", 0), ("before", 1)])
    def test_closed_without_a_response(self, client: Any, control: Any, apply: str | None, expected: int) -> None:
        control.fault({"close": True} | ({} if apply is None else {"apply": apply}), {"next": 1})
        with pytest.raises(requests.ConnectionError):
            client.set(7, a=1)
        entry = control.last()
        assert (entry["status"], entry["applied"]) == (None, bool(expected))
        assert applied(control) == expected
        assert client.set(7, a=1)["code"] == 0

    def test_delay(self, client: Any, control: Any) -> None:
        control.fault({"delay": 0.05})
        start = time.monotonic()
        assert client.set(7, a=1)["code"] == 0
        # A little less than asked for: an event loop's timer may be a millisecond early.
        assert time.monotonic() - start >= 0.045
        assert applied(control) == 1

    def test_delay_and_then_a_refusal(self, client: Any, control: Any) -> None:
        control.fault({"delay": 0.01, "status": 503})
        assert statuses(client, 1) == [503]

    def test_held_until_released(self, sandbox: Any, control: Any) -> None:
        control.fault({"hold": True, "delay": 0.001}, {"next": 1})
        request = Background(lambda: post_set(sandbox.url))
        control.until(lambda health: health["held"] == 1)
        assert (control.last()["status"], applied(control)) == (None, 0)
        assert control.post("release") == {"released": 1}
        assert request.join().answer == {"code": 0, "message": "success"}
        assert applied(control) == 1

    def test_held_after_it_was_applied(self, sandbox: Any, control: Any) -> None:
        control.fault({"hold": True, "apply": "before"}, {"next": 1})
        request = Background(lambda: post_set(sandbox.url))
        control.until(lambda health: health["held"] == 1)
        assert applied(control) == 1
        control.post("release")
        assert request.join().answer["code"] == 0
        assert applied(control) == 1

    def test_held_until_the_client_gives_up(self, sandbox: Any, control: Any) -> None:
        control.fault({"hold": True}, {"next": 1})
        with pytest.raises(requests.ReadTimeout):
            post_set(sandbox.url, timeout=(30, 0.05))
        control.until(lambda health: health["held"] == 0 and bool(control.get("journal")["requests"]))
        assert (control.last()["status"], applied(control)) == (None, 0)

    def test_delayed_until_the_client_gives_up(self, sandbox: Any, control: Any) -> None:
        control.fault({"delay": 3600, "hold": True}, {"next": 1})
        with pytest.raises(requests.ReadTimeout):
            post_set(sandbox.url, timeout=(30, 0.05))
        assert (control.get("health")["held"], applied(control)) == (0, 0)

    @pytest.mark.parametrize("then", [{"hold": True}, {"delay": 3600}])
    def test_a_reset_ends_the_waiting(self, sandbox: Any, control: Any, then: Any) -> None:
        control.fault(then)
        request = Background(lambda: post_set(sandbox.url))
        control.until(lambda health: bool(control.get("journal")["requests"]))
        control.until(lambda health: bool(sandbox.world.pauses._held or sandbox.world.pauses._delayed))
        control.post("reset")
        assert isinstance(request.join().error, requests.ConnectionError)


WRONG = [
    (5, "a fault must be an object"),
    ({"then": {"status": 500}, "what": 1}, "unknown field what"),
    ({"vendor": "braze", "then": {"status": 500}}, "vendor must be"),
    ({"vendor": [], "then": {"status": 500}}, "vendor must be"),
    ({"path": 5, "then": {"status": 500}}, "path must be"),
    ({}, "then must be an object"),
    ({"then": {}}, "then must say what happens"),
    ({"then": {"explode": True}}, "unknown field then.explode"),
    ({"then": {"status": 199}}, "then.status must be"),
    ({"then": {"status": True}}, "then.status must be"),
    ({"then": {"status": None}}, "then.status must be"),
    ({"then": {"headers": {"a b": "c"}}}, "then.headers must be"),
    ({"then": {"headers": {"a": "b\r\nc: d"}}}, "then.headers must be"),
    ({"then": {"headers": ["a"]}}, "then.headers must be"),
    ({"then": {"code": 1.5}}, "then.code must be"),
    ({"then": {"code": ""}}, "then.code must be"),
    ({"then": {"code": 404}}, "then.code needs vendor"),
    ({"vendor": "engagelab", "then": {"code": "x"}}, "then.code must be an integer"),
    ({"vendor": "kahuna", "then": {"code": "x"}}, "then.code must be an integer"),
    ({"vendor": "moengage", "then": {"code": 404}}, "then.code must be a string"),
    ({"vendor": "moengage", "then": {"code": "Odd"}}, "then.code without then.status"),
    ({"vendor": "moengage", "then": {"short_array": 1}}, "then.short_array"),
    ({"vendor": "engagelab", "then": {"short_array": 1}}, "then.short_array"),
    ({"then": {"short_array": 0}}, "then.short_array must be"),
    ({"then": {"message": "alone"}}, "then.message needs"),
    ({"then": {"body": {}}}, "then.body must be"),
    ({"then": {"content_type": "a\nb"}}, "then.content_type must be"),
    ({"then": {"location": 5}}, "then.location must be"),
    ({"then": {"delay": -1}}, "then.delay must be"),
    ({"then": {"delay": True}}, "then.delay must be"),
    ({"then": {"hold": False}}, "then.hold must be"),
    ({"then": {"close": "yes"}}, "then.close must be"),
    ({"then": {"apply": "after"}}, "then.apply must be"),
    ({"when": "always", "then": {"status": 500}}, "when must be an object"),
    ({"when": {}, "then": {"status": 500}}, "when must be one of"),
    ({"when": {"next": 1, "every": 2}, "then": {"status": 500}}, "when must be one of"),
    ({"when": {"next": 1, "times": 2}, "then": {"status": 500}}, "when must be one of"),
    ({"when": {"to": 2}, "then": {"status": 500}}, "when must be one of"),
    ({"when": {"next": 0}, "then": {"status": 500}}, "when.next must be"),
    ({"when": {"every": None}, "then": {"status": 500}}, "when.every must be"),
    ({"when": {"from": 1.5}, "then": {"status": 500}}, "when.from must be"),
    ({"when": {"users": []}, "then": {"status": 500}}, "when.users must be"),
    ({"when": {"users": "7"}, "then": {"status": 500}}, "when.users must be"),
    ({"when": {"users": [None]}, "then": {"status": 500}}, "when.users must be"),
    ({"when": {"users": [7], "times": 0}, "then": {"status": 500}}, "when.times must be"),
    ({"when": {"sometimes": 1}, "then": {"status": 500}}, "unknown field when.sometimes"),
]


@pytest.mark.parametrize(("fault", "problem"), WRONG)
def test_a_fault_of_a_wrong_shape_is_refused(control: Any, fault: Any, problem: str) -> None:
    answer = control.post("faults", [{"then": {"status": 500}}, fault], status=400)
    assert problem in answer["error"]
    assert control.get("faults") == {"faults": []}


def test_the_listing_gives_faults_as_they_were_set(control: Any) -> None:
    fault = {"vendor": "kahuna", "path": None, "when": {"users": [7]}, "then": {"code": 404}}
    (number,) = control.post("faults", fault)["ids"]
    assert control.get("faults") == {"faults": [{"id": number, **fault, "seen": 0, "fired": 0}]}

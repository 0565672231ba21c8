# SPDX-License-Identifier: Apache-2.0
"""MoEngage: what seed 003 and the vendor's newer pages say, each error by its real cause, each switch."""

from __future__ import annotations

import re
from typing import Any

import pytest

WORKSPACE, KEY = "SANDBOXWORKSPACE", "sandbox-data-key"
JOHN = "john@example.com"
GOOD = {"type": "customer", "customer_id": JOHN, "attributes": {"name": "John"}}


def user(control: Any, customer_id: str = JOHN) -> Any:
    return control.user("moengage", customer_id)


def attributes(control: Any) -> Any:
    return user(control)["attributes"]


def refused(answer: Any, status: int, kind: str) -> Any:
    body = answer.json()
    assert (answer.status_code, body["status"], body["error"]["type"]) == (status, "fail", kind)
    assert re.fullmatch(r"[0-9a-f]{8}", body["error"]["request_id"])
    return body["error"]


class TestAccepted:
    def test_the_seeds_example(self, client: Any, control: Any) -> None:
        platforms = [{"platform": "ANDROID", "active": "true"}]
        answer = client.track(
            JOHN,
            {"points": 20, "expiry_date": "2020-05-31T03:47:35Z", "super_user": True, "platforms": platforms},
        )
        body = answer.json()
        assert answer.status_code == 200
        assert body["status"] == "success"
        assert body["message"] == "Your request has been accepted and will be processed soon."
        assert re.fullmatch(r"[0-9a-f]{8}", body["request_id"])
        assert user(control) == {
            "attributes": {
                "points": 20,
                "expiry_date": "2020-05-31T03:47:35Z",
                "super_user": True,
                "platforms": platforms,
            },
            "types": {
                "points": "number",
                "expiry_date": "date",
                "super_user": "boolean",
                "platforms": "list",
            },
            "updates": 1,
        }

    def test_updates_overwrite_and_null_stays(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"a": 1, "b": 2})
        client.track(JOHN, {"a": None})
        assert attributes(control) == {"a": None, "b": 2}
        assert user(control)["types"] == {"a": "null", "b": "number"}

    def test_platforms_beside_the_attributes(self, client: Any, control: Any) -> None:
        client.track(JOHN, platforms=[{"platform": "web", "active": "true"}])
        assert attributes(control) == {"platforms": [{"platform": "web", "active": "true"}]}

    def test_only_existing_users(self, client: Any, control: Any) -> None:
        assert client.track(JOHN, {"a": 1}, update_existing_only=True).status_code == 200
        assert control.last()["applied"] is False
        assert control.get("users/moengage")["count"] == 0
        control.seed("moengage", JOHN)
        client.track(JOHN, {"a": 1}, update_existing_only=True)
        assert attributes(control) == {"a": 1}

    def test_queued_until_flushed(self, client: Any, control: Any) -> None:
        control.switch(moengage__queued=True)
        for n in (1, 2):
            assert client.track(JOHN, {"a": n}).status_code == 200
        client.track("guest", {"a": 1})
        assert control.last()["applied"] is False
        health = control.get("health")["vendors"]["moengage"]
        assert (health["users"], health["queued"]) == (0, 3)
        assert control.post("flush") == {"applied": 2}
        assert attributes(control) == {"a": 2}
        assert control.post("flush") == {"applied": 0}

    def test_history(self, client: Any, control: Any) -> None:
        control.switch(history=True)
        client.track(JOHN, {"a": 1, "b": 2})
        client.track(JOHN, unset_attributes=[{"type": "prefix", "attr": "a"}])
        assert user(control)["history"] == [
            {"attributes": {"a": 1, "b": 2}, "unset": []},
            {"attributes": {}, "unset": ["a"]},
        ]


class TestCredentials:
    @pytest.mark.parametrize("header", [None, "Bearer x", "Basic !", "Basic bm9jb2xvbg=="])
    def test_no_basic_credentials(self, client: Any, header: str | None) -> None:
        headers = {} if header is None else {"Authorization": header}
        refused(client.customer(GOOD, auth=None, headers=headers), 401, "Authentication required")

    @pytest.mark.parametrize(
        ("auth", "app_id"),
        [
            ((WORKSPACE, "wrong"), WORKSPACE),
            ((WORKSPACE, ""), WORKSPACE),
            (("", KEY), WORKSPACE),
            (("OTHER", KEY), "OTHER"),
            (("refused", "any"), "refused"),
        ],
    )
    def test_401(self, client: Any, auth: Any, app_id: str) -> None:
        refused(client.customer(b"{", auth=auth, app_id=app_id), 401, "Authentication required")

    def test_409_when_the_path_names_another_workspace(self, client: Any) -> None:
        refused(client.customer(GOOD, app_id="OTHER"), 409, "Authentication Mismatch")

    @pytest.mark.parametrize(
        ("state", "status", "kind"),
        [
            ("refused", 401, "Authentication required"),
            ("blocked", 403, "BlockedClient"),
            ("suspended", 403, "Account Suspended"),
            ("temporarily-suspended", 403, "Account Temporarily Suspended"),
            ("blacklisted", 400, "Blacklisted"),
            ("no-secret", 409, "App Secret key not set"),
        ],
    )
    def test_account_by_login_and_by_switch(
        self, client: Any, control: Any, state: str, status: int, kind: str
    ) -> None:
        refused(client.customer(GOOD, auth=(state, "any"), app_id=state), status, kind)
        control.switch(moengage__account=state)
        refused(client.customer(GOOD), status, kind)

    def test_app_id_missing_or_invalid(self, client: Any) -> None:
        refused(client.customer(GOOD, app_id=""), 400, "ParamsRequired")
        refused(client.send("/moengage/v1/customer", GOOD, None), 400, "ParamsRequired")
        refused(client.customer(GOOD, app_id="no%20such"), 400, "InvalidParams")

    def test_app_key(self, client: Any, control: Any) -> None:
        assert client.customer(GOOD, headers={"MOE-APPKEY": WORKSPACE}).status_code == 200
        refused(client.customer(GOOD, headers={"MOE-APPKEY": KEY}), 401, "Authentication required")
        control.switch(moengage__appkey="data_key")
        assert client.customer(GOOD, headers={"MOE-APPKEY": KEY}).status_code == 200


class TestForm:
    def test_method_and_path(self, client: Any) -> None:
        assert client.customer(GOOD, method="GET").status_code == 405
        assert client.send("/moengage/v1/event/X", GOOD, None).status_code == 404

    def test_content_type(self, client: Any, sandbox: Any, http: Any) -> None:
        url = f"{sandbox.base_url('moengage')}/v1/customer/{WORKSPACE}"
        bare = http.post(url, data=iter([b"{}"]), auth=(WORKSPACE, KEY))
        assert refused(bare, 400, "Missing header value")["message"] == "The Content-Type Header is required"
        refused(client.customer(b"{}", headers={"Content-Type": "text/plain"}), 415, "MediaTypeError")

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"", "Empty request body"),
            (b" \n", "Empty request body"),
            ([], "Empty request body"),
            (b"{", "Malformed JSON"),
            (b"\xff\xfe", "Malformed JSON"),
            (b'{"type": Infinity}', "Malformed JSON"),
        ],
    )
    def test_not_json(self, client: Any, body: Any, kind: str) -> None:
        refused(client.customer(body), 400, kind)

    def test_128_kb(self, client: Any) -> None:
        frame = b'{"type":"customer","customer_id":"long","attributes":{"a":"%s"}}'
        room = 128 * 1024 - len(frame % b"")
        assert client.customer(frame % (b"x" * room)).status_code == 200
        refused(client.customer(frame % (b"x" * (room + 1))), 413, "PayloadTooLarge")

    @pytest.mark.parametrize(
        ("change", "attribute", "message"),
        [
            ({"type": None}, "type", "type is not found in the payload"),
            ({"type": "Customer"}, "type", "type is expected to be customer"),
            ({"customer_id": None}, "customer_id", "customer_id is not found in the payload"),
            ({"customer_id": ""}, "customer_id", "customer_id can not be empty Unicode String"),
            ({"customer_id": 5}, "customer_id", "customer_id is expected to be String"),
            ({"attributes": []}, "attributes", "attributes is expected to be dict"),
            ({"platforms": {}}, "platforms", "platforms is expected to be list"),
            ({"attributes": {"platforms": "web"}}, "platforms", "platforms is expected to be list"),
            (
                {"update_existing_only": "true"},
                "update_existing_only",
                "update_existing_only is expected to be bool",
            ),
            ({"unset_attributes": {}}, "unset_attributes", "unset_attributes is expected to be list"),
            (
                {"unset_attributes": ["a"]},
                "type",
                "type in unset_attributes should be equals/prefix/suffix/contains",
            ),
            ({"unset_attributes": [{"type": "equals"}]}, "attr", "attr is not found in unset_attributes"),
            (
                {"unset_attributes": [{"type": "prefix", "attr": ""}]},
                "attr",
                "attr is not found in unset_attributes",
            ),
            (
                {"unset_attributes": [{"type": "equals", "attr": "a", "case_sensitive": 0}]},
                "case_sensitive",
                "case_sensitive is expected to be bool",
            ),
            (
                {"attributes": {"addValueToArrayField": ["a"]}},
                "addValueToArrayField",
                "addValueToArrayField is expected to be dict of list",
            ),
        ],
    )
    def test_missing_attribute_error(
        self, client: Any, control: Any, change: Any, attribute: str, message: str
    ) -> None:
        error = refused(client.customer({**GOOD, **change}), 400, "MissingAttributeError")
        assert (error["attribute"], error["message"]) == (attribute, message)
        assert control.get("users/moengage")["count"] == 0

    @pytest.mark.parametrize("key", ["type", "customer_id"])
    def test_missing_key(self, client: Any, key: str) -> None:
        body = {name: value for name, value in GOOD.items() if name != key}
        assert refused(client.customer(body), 400, "MissingAttributeError")["attribute"] == key


class TestSilentDamage:
    def test_reserved_names_are_lost(self, client: Any, control: Any) -> None:
        assert client.track(JOHN, {"id": 1, "_id": 2, "": 3, "ID": 4}).status_code == 200
        assert attributes(control) == {"ID": 4}

    def test_keywords_and_the_prefix_are_lost_but_for_what_may_be_sent(self, client: Any, control: Any) -> None:
        sent = {"status": 1, "user_id": 2, "USER_ATTRIBUTE_OLD_ID": 3, "moe_tier": 4}
        kept = {"source": "ads", "moe_unsubscribe": True, "moe_spam": False}
        client.track(JOHN, {**sent, **kept})
        assert attributes(control) == kept
        control.switch(moengage__moe_names="kept")
        client.track(JOHN, {"moe_tier": 4})
        assert attributes(control) == {**kept, "moe_tier": 4}

    def test_lists_of_booleans_are_lost(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"a": [True, False], "b": [1, 0], "c": True})
        assert attributes(control) == {"b": [1, 0], "c": True}

    def test_names_and_values_are_cut(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"n" * 201: "v" * 513, "list": ["w" * 513, 1, *(["x"] * 60)]})
        assert attributes(control) == {"n" * 200: "v" * 512, "list": ["w" * 512, 1, *(["x"] * 48)]}

    def test_the_limits_themselves(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"n" * 200: "v" * 512})
        assert attributes(control) == {"n" * 200: "v" * 512}

    def test_a_long_url_is_lost(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"long": "https://example.com/" + "x" * 500, "short": "https://example.com/"})
        assert attributes(control) == {"short": "https://example.com/"}

    @pytest.mark.parametrize(
        ("text", "stored_as"),
        [
            ("2019-05-21T03:47:35Z", "date"),
            ("2019-05-21T03:47:35.123Z", "date"),
            ("2019-05-21", "date"),
            ("2019-05-21 03:47:35", "string"),
            ("2019-05-21T03:47:35+00:00", "string"),
            ("2019-02-30", "string"),
            ("2019-05-21T25:00:00Z", "string"),
            ("21/05/2019", "string"),
        ],
    )
    def test_a_malformed_date_is_text(self, client: Any, control: Any, text: str, stored_as: str) -> None:
        client.track(JOHN, {"created_time": text})
        assert user(control)["types"] == {"created_time": stored_as}

    @pytest.mark.parametrize("customer_id", ["guest", "unknown", "null", "n/a", "0", "-1", "dummy_seller_code", "x"])
    def test_a_blocked_customer_id_is_lost(self, client: Any, control: Any, customer_id: str) -> None:
        assert client.track(customer_id, {"a": 1}).status_code == 200
        assert control.get("users/moengage")["count"] == 0
        assert control.last()["applied"] is False

    def test_blocked_in_any_case(self, client: Any, control: Any) -> None:
        client.track("Guest", {"a": 1})
        assert user(control, "Guest")["updates"] == 1
        control.switch(moengage__blocked_ids_ignore_case=True)
        client.track("Guest", {"a": 1})
        assert user(control, "Guest")["updates"] == 1

    def test_an_id_of_one_character(self, client: Any, control: Any) -> None:
        control.switch(moengage__short_id="refuse")
        refused(client.track("x", {"a": 1}), 400, "MissingAttributeError")
        control.switch(moengage__short_id="accept")
        client.track("x", {"a": 1})
        assert user(control, "x")["updates"] == 1

    def test_objects_are_lost_unless_enabled(self, client: Any, control: Any) -> None:
        place = {"lat": 12.11, "lon": 123.122}
        sent = {"moe_geo_location": place, "object": {"a": 1}, "objects": [{"a": 1}]}
        client.track(JOHN, sent)
        assert attributes(control) == {"moe_geo_location": place}
        control.switch(moengage__objects=True)
        client.track(JOHN, sent)
        assert attributes(control) == sent
        assert user(control)["types"]["object"] == "object"

    def test_attributes_past_the_workspaces_limit_are_lost(self, client: Any, control: Any) -> None:
        control.switch(moengage__attribute_limit=2)
        client.track(JOHN, {"a": 1, "b": 1, "c": 1, "name": "standard names do not count"})
        client.track(JOHN, {"b": 2, "d": 2})
        assert attributes(control) == {"a": 1, "b": 2, "name": "standard names do not count"}

    def test_reserved_names_are_a_switch(self, client: Any, control: Any) -> None:
        control.switch(moengage__reserved_names=["source"])
        client.track(JOHN, {"source": 1, "id": 2})
        assert attributes(control) == {"id": 2}


HELD = {"color": 1, "Color": 2, "my_color": 3, "colors": 4, "other": 5}


class TestUnset:
    @pytest.mark.parametrize(
        ("kind", "attr", "case", "left"),
        [
            ("equals", "color", None, ["Color", "my_color", "colors", "other"]),
            ("equals", "color", False, ["my_color", "colors", "other"]),
            ("prefix", "color", True, ["Color", "my_color", "other"]),
            ("prefix", "COLOR", False, ["my_color", "other"]),
            ("suffix", "color", True, ["Color", "colors", "other"]),
            ("suffix", "OLOR", False, ["colors", "other"]),
            ("contains", "olor", True, ["other"]),
            ("contains", "OLOR", True, [*HELD]),
            ("equals", "never", True, [*HELD]),
        ],
    )
    def test_types_and_case(
        self, client: Any, control: Any, kind: str, attr: str, case: bool | None, left: list[str]
    ) -> None:
        client.track(JOHN, HELD)
        rule = {"type": kind, "attr": attr, **({} if case is None else {"case_sensitive": case})}
        assert client.track(JOHN, unset_attributes=[rule]).status_code == 200
        assert list(attributes(control)) == left

    def test_unset_wins_over_set(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"a": 1, "b": 1}, unset_attributes=[{"type": "equals", "attr": "a"}])
        assert attributes(control) == {"b": 1}

    def test_protected_names_stay(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"created_time": "2019-05-21", "create": 1})
        client.track(JOHN, unset_attributes=[{"type": "prefix", "attr": "create"}])
        assert attributes(control) == {"created_time": "2019-05-21"}
        control.switch(moengage__protected_names=[])
        client.track(JOHN, unset_attributes=[{"type": "prefix", "attr": "create"}])
        assert attributes(control) == {}

    def test_not_enabled(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"a": 1})
        control.switch(moengage__unset_enabled=False)
        assert client.track(JOHN, unset_attributes=[{"type": "equals", "attr": "a"}]).status_code == 200
        assert attributes(control) == {"a": 1}


class TestArrays:
    def test_add_and_remove(self, client: Any, control: Any) -> None:
        client.track(JOHN, {"text": "no list"})
        client.track(JOHN, {"addValueToArrayField": {"tags": ["a", "b"], "text": ["x"]}})
        client.track(JOHN, {"addValueToArrayField": {"tags": ["b"]}})
        assert attributes(control) == {"text": "no list", "tags": ["a", "b", "b"]}
        control.switch(moengage__add_deduplicates=True)
        client.track(JOHN, {"addValueToArrayField": {"tags": ["b", "c"]}})
        client.track(JOHN, {"removeValueFromArrayField": {"tags": ["b"]}})
        assert attributes(control)["tags"] == ["a", "c"]

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            (
                {"addValueToArrayField": {"x": [1]}, "removeValueFromArrayField": {"x": [1]}},
                "Cannot add and remove 'x' at the same time",
            ),
            ({"addValueToArrayField": {"x": [1]}, "x": [2]}, "Cannot set and change 'x' at the same time"),
            ({"removeValueFromArrayField": {"platforms": []}}, "'platforms' is reserved"),
        ],
    )
    def test_array_field_error(self, client: Any, sent: Any, message: str) -> None:
        error = refused(client.track(JOHN, sent), 400, "ArrayFieldError")
        assert (error["message"], error["attribute"]) == (message, "addValueToArrayField")


class TestRateLimit:
    @pytest.fixture
    def clock(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
        time = {"now": 1_700_000_000.25, "monotonic": 100.0}
        monkeypatch.setattr(sandbox.world.clock, "now", lambda: time["now"])
        monkeypatch.setattr(sandbox.world.clock, "monotonic", lambda: time["monotonic"])
        return time

    def test_no_limit_by_default(self, client: Any) -> None:
        assert "x-ratelimit-limit" not in client.track(JOHN).headers

    def test_window(self, client: Any, control: Any, clock: Any) -> None:
        control.switch(moengage__rate_limit=2)
        first = client.track(JOHN)
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
        assert first.headers["x-ratelimit-reset"] == "60"
        clock["monotonic"] += 20.5
        assert refused(client.track(5), 400, "MissingAttributeError")
        over = client.track(JOHN)
        assert refused(over, 429, "RateLimitError")["message"] == "Rate limit exceeded"
        assert (over.headers["x-ratelimit-remaining"], over.headers["x-ratelimit-reset"]) == ("0", "40")
        assert "Retry-After" not in over.headers
        clock["monotonic"] += 39.5
        assert client.track(JOHN).status_code == 200

    def test_reset_as_epoch_seconds(self, client: Any, control: Any, clock: Any) -> None:
        control.switch(moengage__rate_limit=1, moengage__reset_style="epoch", moengage__rate_window=10)
        client.track(JOHN)
        over = client.track(JOHN)
        assert (over.status_code, over.headers["x-ratelimit-reset"]) == (429, "1700000011")


class TestConnectionTest:
    BODY = {"app_id": WORKSPACE, "app_secret": KEY, "source": "airflow", "region": "01"}  # noqa: RUF012

    def test_200(self, client: Any) -> None:
        answer = self.send(client)
        assert (answer.status_code, answer.json()) == (200, {"status": "success", "app_name": "Sandbox"})

    def send(self, client: Any, key: str | None = WORKSPACE, auth: Any = (WORKSPACE, KEY), **change: Any) -> Any:
        headers = {} if key is None else {"MOE-APPKEY": key}
        body = {name: value for name, value in {**self.BODY, **change}.items() if value is not None}
        return client.send("/moengage/v1/integrations/authentication", body, auth, headers=headers)

    def test_401(self, client: Any) -> None:
        refused(self.send(client, key=None), 401, "Authentication required")
        refused(self.send(client, key="OTHER"), 401, "Authentication required")
        refused(self.send(client, auth=(WORKSPACE, "wrong")), 401, "Authentication required")
        refused(self.send(client, app_secret="wrong"), 401, "Authentication required")

    @pytest.mark.parametrize("name", ["app_id", "app_secret", "source", "region"])
    def test_400(self, client: Any, name: str) -> None:
        error = refused(self.send(client, **{name: None}), 400, "MissingAttributeError")
        assert error["attribute"] == name

    def test_no_object(self, client: Any) -> None:
        answer = client.send(
            "/moengage/v1/integrations/authentication",
            [],
            (WORKSPACE, KEY),
            headers={"MOE-APPKEY": WORKSPACE},
        )
        refused(answer, 400, "MissingAttributeError")

    def test_counts_no_rows(self, client: Any, control: Any) -> None:
        self.send(client)
        assert (control.last()["rows"], control.last()["path"]) == (
            0,
            "/moengage/v1/integrations/authentication",
        )

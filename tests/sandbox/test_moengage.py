# SPDX-License-Identifier: Apache-2.0
"""MoEngage: what seed 003 and the vendor's newer pages say, each error by its real cause, each switch."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sandbox.moengage_users import GOOD, JOHN, KEY, WORKSPACE, attributes, refused, user


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
        client.track(JOHN, {"addValueToArrayField": {"t": ["x"]}})
        assert user(control)["history"][-1] == {"attributes": {"t": ["x"]}, "unset": [], "added": {"t": ["x"]}}


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

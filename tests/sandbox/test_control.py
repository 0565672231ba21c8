# SPDX-License-Identifier: Apache-2.0
"""The control API: users, switches, journal, reset."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from airflow_provider_userattrs.sandbox.connections import Connections
from airflow_provider_userattrs.sandbox.switches import COMMON
from airflow_provider_userattrs.sandbox.vendors import VENDORS

SWITCHES = (*COMMON, *(switch for vendor in VENDORS for switch in vendor.switches))


class TestUsers:
    def test_seeds_50_000(self, control: Any) -> None:
        count = 50_000
        control.seed("engagelab", *range(1, count + 1))
        control.seed("kahuna", *({"email": f"u{n}@example.com", "username": f"u{n}"} for n in range(count)))
        control.seed("moengage", *(f"u{n}@example.com" for n in range(count)))
        vendors = control.get("health")["vendors"]
        assert {name: vendor["users"] for name, vendor in vendors.items()} == dict.fromkeys(vendors, count)
        assert len(control.get("users/kahuna")["users"]) == count

    def test_seeding_keeps_what_is_held(self, client: Any, control: Any) -> None:
        control.seed("engagelab", 7)
        client.set(7, a=1)
        assert control.post("users", {"vendor": "engagelab", "users": [7, 8]}) == {"added": 2, "count": 2}
        assert control.user("engagelab", 7)["properties"] == {"a": 1}

    def test_everything_held(self, control: Any) -> None:
        control.seed("engagelab", 7)
        control.seed("kahuna", {"username": "a", "email": "b"})
        control.seed("moengage", "somebody")
        assert control.get("users/engagelab") == {
            "count": 1,
            "users": {"7": {"properties": {}, "contacts": {}, "updates": 0}},
        }
        user = {"credentials": {"username": "a", "email": "b"}, "attributes": {}, "updates": 0}
        assert control.get("users/kahuna")["users"] == {"a": user}
        assert control.get("users/kahuna", environment="s")["users"] == {}
        assert control.get("users/moengage")["users"] == {"somebody": {"attributes": {}, "types": {}, "updates": 0}}

    def test_keys_with_slashes(self, control: Any) -> None:
        control.seed("moengage", "a/b?c")
        assert control.user("moengage", "a/b%3Fc")["updates"] == 0

    @pytest.mark.parametrize("path", ["engagelab/8", "engagelab/x", "kahuna/x", "moengage/x", "moengage/"])
    def test_unknown_user(self, control: Any, path: str) -> None:
        assert control.get(f"users/{path}", status=404) == {"error": "no such user"}

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            ([], "users must be a list"),
            ({"vendor": "engagelab"}, "users must be a list"),
            ({"users": []}, "vendor must be one of engagelab, kahuna, moengage"),
            ({"vendor": 5, "users": []}, "vendor must be one of"),
            ({"vendor": "engagelab", "users": ["7"]}, "list of euids"),
            ({"vendor": "engagelab", "users": [0]}, "list of euids"),
            ({"vendor": "kahuna", "users": [{}]}, "list of credentials"),
            ({"vendor": "kahuna", "users": ["a"]}, "list of credentials"),
            ({"vendor": "kahuna", "users": [{"username": 5}]}, "list of credentials"),
            ({"vendor": "moengage", "users": [""]}, "list of customer ids"),
            ({"vendor": "kahuna", "environment": "x", "users": []}, "environment: kahuna has p and s"),
            ({"vendor": "moengage", "environment": "p", "users": []}, "environment: moengage has none"),
        ],
    )
    def test_wrong_seeds(self, control: Any, body: Any, problem: str) -> None:
        assert problem in control.post("users", body, status=400)["error"]

    def test_unknown_vendor(self, control: Any) -> None:
        assert "vendor must be" in control.get("users/braze", status=400)["error"]
        assert "vendor must be" in control.get("users/braze/x", status=400)["error"]
        assert "environment" in control.get("users/kahuna", status=400, environment="x")["error"]

    def test_no_json(self, control: Any, http: requests.Session) -> None:
        answer = http.post(f"{control.url}/users", data=b"{")
        assert (answer.status_code, answer.json()) == (400, {"error": "the body must be JSON"})


class TestSwitches:
    def test_defaults(self, control: Any) -> None:
        assert control.get("switches") == {switch.name: switch.default for switch in SWITCHES}

    def test_changed_and_reset(self, control: Any) -> None:
        changed = control.post("switches", {"history": True, "kahuna.error_body": "empty"})
        assert (changed["history"], changed["kahuna.error_body"]) == (True, "empty")
        control.post("reset")
        assert control.get("switches")["history"] is False

    def test_unknown(self, control: Any) -> None:
        error = control.post("switches", {"history": True, "kahuna.nonsense": 1}, status=400)["error"]
        assert "kahuna.nonsense" in error
        assert all(switch.name in error for switch in SWITCHES)
        assert control.get("switches")["history"] is False

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("history", 1, "true or false"),
            ("kahuna.error_body", "xml", "one of array, object, empty"),
            ("kahuna.error_body", ["array"], "one of array, object, empty"),
            ("moengage.rate_limit", -1, "an integer, 0 or more"),
            ("moengage.rate_limit", True, "an integer, 0 or more"),
            ("kahuna.credentials", "email", "a list of strings"),
            ("kahuna.credentials", [5], "a list of strings"),
        ],
    )
    def test_wrong_value(self, control: Any, name: str, value: Any, problem: str) -> None:
        error = control.post("switches", {name: value}, status=400)["error"]
        assert error == f"switch '{name}' must be {problem}"

    def test_no_object(self, control: Any) -> None:
        assert "object" in control.post("switches", [], status=400)["error"]


class TestJournal:
    def test_entry(self, client: Any, control: Any) -> None:
        control.seed("kahuna", {"username": "a"})
        client.items(({"username": "a"}, {"x": 1}), ({"username": "b"}, {"x": 1}))
        entry = control.last()
        assert entry.pop("at") > 1_600_000_000
        assert entry.pop("monotonic") > 0
        assert entry.pop("bytes") > 50
        assert entry == {
            "number": 1,
            "vendor": "kahuna",
            "method": "POST",
            "path": "/kahuna/api/userattributes",
            "env": "p",
            "rows": 2,
            "status": 200,
            "applied": True,
            "fault": None,
            "codes": {"404": 1},
        }

    def test_by_vendor_and_limit(self, client: Any, control: Any) -> None:
        client.track("somebody")
        client.set(7, a=1)
        client.track("somebody")
        assert [entry["number"] for entry in control.get("journal")["requests"]] == [1, 2, 3]
        assert [entry["number"] for entry in control.get("journal", vendor="moengage")["requests"]] == [1, 3]
        assert [entry["number"] for entry in control.get("journal", vendor="moengage", limit=1)["requests"]] == [3]
        assert control.get("journal", limit=0)["requests"] == []
        assert len(control.get("journal", limit="")["requests"]) == 3

    @pytest.mark.parametrize("limit", ["-1", "x", "1.5"])
    def test_wrong_limit(self, control: Any, limit: str) -> None:
        assert "limit" in control.get("journal", status=400, limit=limit)["error"]

    def test_holds_no_credentials_and_no_personal_data(self, client: Any, control: Any) -> None:
        control.seed("kahuna", {"email": "george@example.com"})
        client.items(({"email": "george@example.com"}, {"secret": "Washington"}))
        client.property({"euid": 10362473, "type": "set", "properties": {"secret": "Washington"}})
        client.track("john@example.com", {"secret": "Washington"})
        client.send("/moengage/v1/customers/john@example.com?key=sandbox-data-key", {}, None)
        client.send("/kahuna/api/userattributes?env=john@example.com", {}, None)
        text = str(control.get("journal")) + str(control.get("journal/summary"))
        pair = base64.b64encode(b"SANDBOXWORKSPACE:sandbox-data-key").decode()
        for word in (
            "sandbox-",
            "SANDBOXWORKSPACE",
            pair,
            "Basic",
            "george",
            "john",
            "Washington",
            "10362473",
        ):
            assert word not in text
        paths = [entry["path"] for entry in control.get("journal")["requests"]]
        assert paths[2:4] == ["/moengage/v1/customer/<APP_ID>", "(unknown path)"]

    def test_summary(self, client: Any, control: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        control.seed("kahuna", {"username": "a"})
        times = iter([0.0, 0.5, 1.0, 1.25, 61.0])
        monkeypatch.setattr(sandbox.world.clock, "monotonic", lambda: next(times))
        monkeypatch.setattr(Connections, "seconds_waiting", lambda *_: 0.0)
        for rows in (1, 3, 1, 1):
            client.items(*[({"username": "a"}, {"x": 1})] * (rows - 1), ({"username": "b"}, {"x": 1}))
        control.fault({"close": True})
        with pytest.raises(requests.ConnectionError):
            client.kahuna(b"{")
        assert control.get("journal/summary", vendor="kahuna") == {
            "requests": 5,
            "rows": 6,
            "applied": 1,
            "by_status": {"200": 4, "none": 1},
            "by_code": {"404": 4},
            "worst_second": {"requests": 3, "rows": 5},
            "worst_minute": {"requests": 4, "rows": 6},
        }
        assert control.get("journal/summary", vendor="moengage")["worst_second"] == {"requests": 0, "rows": 0}

    def test_unknown_vendor(self, control: Any) -> None:
        assert "vendor must be" in control.get("journal", status=400, vendor="braze")["error"]


def test_reset(client: Any, control: Any) -> None:
    control.switch(moengage__queued=True)
    control.seed("engagelab", 7)
    control.seed("kahuna", {"username": "a"}, environment="s")
    client.track("somebody")
    control.fault({"status": 500})
    control.post("reset")
    vendors = control.get("health")["vendors"]
    assert vendors["moengage"] == {"path": "/moengage", "users": 0, "queued": 0}
    assert vendors["engagelab"]["users"] == vendors["kahuna"]["users"] == 0
    assert control.get("journal")["requests"] == control.get("faults")["faults"] == []
    assert control.get("switches")["moengage.queued"] is False

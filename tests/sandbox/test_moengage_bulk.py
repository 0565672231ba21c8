# SPDX-License-Identifier: Apache-2.0
"""MoEngage's Bulk Import: what its page says, and each switch for what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.moengage_users import WORKSPACE, refused, user

ADA = {"type": "customer", "customer_id": "ada", "attributes": {"a": 1}}
BOB = {"type": "customer", "customer_id": "bob", "attributes": {"a": 2}}
BAD = {"type": "customer", "customer_id": 5, "attributes": {"a": 3}}


@pytest.fixture
def bulk(client: Any) -> Any:
    def send(*elements: Any, body: Any = None, app_id: str = WORKSPACE, **options: Any) -> Any:
        body = {"type": "transition", "elements": list(elements)} if body is None else body
        auth = options.pop("auth", (WORKSPACE, "sandbox-data-key"))
        return client.send(f"/moengage/v1/transition/{app_id}", body, auth, **options)

    return send


def test_the_pages_example_with_events_and_devices_among_the_users(bulk: Any, control: Any) -> None:
    device = {"type": "device", "customer_id": "ada", "device_id": "d", "attributes": {}}
    event = {"type": "event", "customer_id": "ada", "actions": [{"action": "bought"}]}
    answer = bulk(ADA, device, event, {**BOB, "unset_attributes": [{"type": "equals", "attr": "x"}]})
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert answer.json()["request_id"]
    assert (user(control, "ada")["attributes"], user(control, "bob")["attributes"]) == ({"a": 1}, {"a": 2})
    last = control.last()
    assert (last["path"], last["rows"], last["applied"]) == ("/moengage/v1/transition/<APP_ID>", 2, True)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "Empty request body"),
        (b"{", "Malformed JSON"),
        ([ADA], "Malformed JSON"),
        ({"elements": [ADA]}, "AttributeError"),
        ({"type": "customer", "elements": [ADA]}, "AttributeError"),
        ({"type": "transition"}, "MissingAttributeError"),
        ({"type": "transition", "elements": []}, "MissingAttributeError"),
        ({"type": "transition", "elements": ["ada"]}, "Empty request body"),
        ({"type": "transition", "elements": [{**ADA, "customer_id": ""}]}, "MissingAttributeError"),
    ],
)
def test_refused(bulk: Any, body: Any, kind: str) -> None:
    refused(bulk(body=body), 400, kind)


def test_no_index_says_which_element_it_was(bulk: Any) -> None:
    error = refused(bulk(ADA, BAD, BOB), 400, "MissingAttributeError")
    assert (error["attribute"], error["message"]) == ("customer_id", "customer_id is expected to be String")
    assert set(error) == {"attribute", "message", "type", "request_id"}


@pytest.mark.parametrize(
    ("switches", "status", "held"),
    [
        ({}, 400, False),
        ({"moengage__bulk_others": "applied"}, 400, True),
        ({"moengage__bulk": "200"}, 200, True),
    ],
    ids=["refused whole", "others applied", "always 200"],
)
def test_what_becomes_of_the_others(bulk: Any, control: Any, switches: Any, status: int, held: bool) -> None:
    control.switch(**switches)
    assert bulk(ADA, BAD, BOB).status_code == status
    assert control.get("users/moengage")["count"] == (2 if held else 0)


@pytest.mark.parametrize(("order", "left"), [("kept", 2), ("reversed", 1)])
def test_the_order_of_one_users_elements(bulk: Any, control: Any, order: str, left: int) -> None:
    control.switch(moengage__bulk_order=order)
    bulk(ADA, {**ADA, "attributes": {"a": 2}})
    assert user(control, "ada")["attributes"] == {"a": left}


@pytest.mark.parametrize("followed", [True, False])
def test_existing_users_only(bulk: Any, control: Any, followed: bool) -> None:
    control.switch(moengage__bulk_existing_only=followed)
    assert bulk({**ADA, "update_existing_only": True}).status_code == 200
    assert control.get("users/moengage")["count"] == (0 if followed else 1)


def test_100_kb(bulk: Any) -> None:
    frame = b'{"type":"transition","elements":[{"type":"customer","customer_id":"long","attributes":{"a":"%s"}}]}'
    room = 100 * 1024 - len(frame % b"")
    assert bulk(body=frame % (b"x" * room)).status_code == 200
    refused(bulk(body=frame % (b"x" * (room + 1))), 413, "PayloadTooLarge")


def test_its_rate_limit_counts_users_apart_from_track_users(bulk: Any, client: Any, control: Any) -> None:
    control.switch(moengage__bulk_rate_limit=3, moengage__rate_limit=1)
    assert bulk(ADA, BOB).headers["x-ratelimit-remaining"] == "1"
    refused(bulk(ADA, BOB), 429, "RateLimitError")
    assert bulk(ADA).status_code == 200
    assert client.track("ada").status_code == 200


def test_queued_until_flushed(bulk: Any, control: Any) -> None:
    control.switch(moengage__queued=True)
    bulk(ADA, BOB)
    assert control.get("users/moengage")["count"] == 0
    assert control.post("flush") == {"applied": 2}


def test_credentials_method_and_a_fault_by_user(bulk: Any, control: Any) -> None:
    refused(bulk(ADA, auth=(WORKSPACE, "wrong")), 401, "Authentication required")
    refused(bulk(ADA, app_id="OTHER"), 409, "Authentication Mismatch")
    refused(bulk(ADA, app_id=""), 400, "ParamsRequired")
    assert bulk(ADA, method="GET").status_code == 405
    control.fault({"code": "ServerError"}, {"users": ["bob"]}, vendor="moengage")
    assert (bulk(ADA).status_code, bulk(ADA, BOB).status_code) == (200, 500)

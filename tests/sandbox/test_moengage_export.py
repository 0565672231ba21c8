# SPDX-License-Identifier: Apache-2.0
"""MoEngage's Get User: https://www.moengage.com/docs/api/user/get-user, and each switch for what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.moengage_users import WORKSPACE, refused


@pytest.fixture
def export(client: Any) -> Any:
    def send(*users: str, fields: Any = ("customer_id", "a"), body: Any = None, query: str = WORKSPACE) -> Any:
        identifiers = [{"identifier_type": "customer_id", "identifier": user} for user in users]
        body = body or {"data": {"identifiers": identifiers, "user_fields_to_export": list(fields)}}
        return client.send(f"/moengage/v1/customers/export?app_id={query}", body, (WORKSPACE, "sandbox-data-key"))

    return send


def test_the_users_it_knows_and_those_it_does_not(export: Any, client: Any, control: Any) -> None:
    client.track("ada", {"a": 1, "b": 2})
    assert export("bob", "ada").json() == {
        "status": "success",
        "type": "export_users",
        "data": {
            "users_not_found": [{"identifier_type": "customer_id", "identifier": "bob"}],
            "users": [{"user_attributes": {"customer_id": "ada", "a": 1}}],
        },
    }
    assert (control.last()["path"], control.last()["rows"]) == ("/moengage/v1/customers/export", 0)


def test_twenty_at_most(export: Any) -> None:
    assert export(*map(str, range(10, 30))).status_code == 200
    assert refused(export(*map(str, range(10, 31))), 400, "LimitBreached")["message"] == "max limit allowed is 20"


@pytest.mark.parametrize("body", [{"x": 1}, {"data": {"x": 1}}, {"data": {"identifiers": [{}]}}], ids=str)
def test_what_is_missing(export: Any, body: Any) -> None:
    refused(export(body=body), 400, "MissingAttributeError")


def test_credentials_and_an_account_without_it(export: Any, control: Any) -> None:
    refused(export("ada", query="OTHER"), 409, "Authentication Mismatch")
    refused(export("ada", query=""), 400, "ParamsRequired")
    control.switch(moengage__get_user=False)
    refused(export("ada"), 403, "BlockedClient")


def test_its_switches(export: Any, client: Any, control: Any) -> None:
    client.track("ada", {"email": "a@b.c"})
    client.track("bob", {"a": 1})
    control.switch(moengage__export_names="short", moengage__export_order="reversed", moengage__export_rate_limit=3)
    users = export("ada", "bob", fields=("customer_id", "email")).json()["data"]["users"]
    assert [user["user_attributes"] for user in users] == [
        {"customer_id": "bob"},
        {"customer_id": "ada", "u_em": "a@b.c"},
    ]
    refused(export("ada", "bob"), 429, "RateLimitError")

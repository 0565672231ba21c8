# SPDX-License-Identifier: Apache-2.0
"""The connection form of each vendor, filled in, saved and tested in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

#: vendor -> title, login, password, what has to be chosen, its choices, one of them
FORMS = {
    "engagelab": ("EngageLab", "API key", "API secret", "Region", ["singapore", "virginia"], "virginia"),
    "kahuna": ("Kahuna", "Secret key", "API key", "Environment", ["production", "sandbox"], "production"),
    "moengage": (
        "MoEngage",
        "Workspace ID",
        "Data API key",
        "Data center",
        ["01", "02", "03", "04", "05", "06", "101"],
        "03",
    ),
}
FIELDS = {"engagelab": "region", "kahuna": "environment", "moengage": "data_center"}

RIGHT = {
    "engagelab": "responded and did not reject the credentials",
    "kahuna": "responded and did not reject the credentials",
    "moengage": "confirmed the workspace id and the Data API key.",
}
WRONG_KEY = {
    "engagelab": "authentication failed (40050). Check the connection's API key and API secret",
    "kahuna": "authentication error (401). Check the connection's secret key and API key",
    "moengage": "rejected the credentials (401): check login (workspace id), password (Data API key) and data_center",
}


@pytest.mark.parametrize("vendor", FORMS)
def test_the_form_filled_in_saved_and_tested(look: Callable[..., Any], up: Any, vendor: str) -> None:
    from run import CONNECTIONS

    title, login, password, choice, choices, chosen = FORMS[vendor]
    host = up.api("GET", f"connections/{vendor}_default").json()["host"]
    seen = look(width=1100, height=1200)
    page = seen.open("/connections")
    page.get_by_role("button", name="Add Connection").click()
    form = page.get_by_role("dialog")
    form.locator("input[name=connection_id]").fill(f"my_{vendor}")
    form.get_by_role("combobox").click()
    page.keyboard.type(vendor)
    page.get_by_role("option", name=title, exact=True).click()

    # The labels are the vendor's words; what means nothing is not there; and it says where each value is found.
    for label in ("Base URL", login, password):
        form.get_by_text(label, exact=True).wait_for()
    for hidden in ("Port", "Schema", "Host", "Login", "Password"):
        assert form.get_by_text(hidden, exact=True).count() == 0
    assert title in form.locator("input[name=login]").get_attribute("placeholder")
    assert title in form.locator("input[name=password]").get_attribute("placeholder")
    assert "Extra Fields" in form.locator("input[name=host]").get_attribute("placeholder")
    assert form.locator("input[name=password]").get_attribute("type") == "password"
    form.locator("input[name=host]").fill(host)
    form.locator("input[name=login]").fill(CONNECTIONS[vendor]["login"])
    form.locator("input[name=password]").fill(CONNECTIONS[vendor]["password"])

    form.get_by_role("button", name="Extra Fields", exact=True).click()
    form.get_by_text(choice, exact=True).wait_for()
    form.get_by_text("Allow plain HTTP", exact=True).wait_for()
    form.get_by_role("combobox").nth(1).click()
    assert page.get_by_role("option").all_inner_texts() == choices
    page.get_by_role("option", name=chosen, exact=True).click()
    seen.shoot(f"connection-{vendor}", form)
    form.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text=f"my_{vendor}")
    row.wait_for()

    saved = up.api("GET", f"connections/my_{vendor}").json()
    assert (saved["login"], saved["host"]) == (CONNECTIONS[vendor]["login"], host)
    assert json.loads(saved["extra"])[FIELDS[vendor]] == chosen
    assert CONNECTIONS[vendor]["password"] not in json.dumps(saved)

    # Airflow 3.3.1 and 3.3.2 test no saved connection without a port (apache/airflow#73298).
    up.api("PATCH", f"connections/my_{vendor}?update_mask=port", json={**saved, "port": 0, "password": None})
    assert seen.errors == []
    page.reload()
    row.get_by_role("button", name="Test Connection").click()
    page.get_by_text("Test Connection Successful").first.wait_for()
    assert seen.errors == []
    assert seen.elsewhere == []


def body(up: Any, vendor: str, **fields: Any) -> dict[str, Any]:
    from run import CONNECTIONS

    host = up.api("GET", f"connections/{vendor}_default").json()["host"]
    return {"connection_id": "tested", "conn_type": vendor, "host": host, **CONNECTIONS[vendor], **fields}


def in_the_api_server(up: Any, connection: dict[str, Any]) -> tuple[bool, str]:
    answer = up.api("POST", "connections/test", json=connection).json()
    return answer["status"], answer["message"]


def on_a_worker(up: Any, connection: dict[str, Any]) -> tuple[bool, str]:
    queued = up.api("POST", "connections/enqueue-test", json=connection).json()
    headers = {"Airflow-Connection-Test-Token": queued["token"]}

    def ended() -> Any:
        found = up.api("GET", "connections/enqueue-test", headers=headers).json()
        return found if found["state"] in ("success", "failed") else None

    found = up.until(ended, "the connection test ends")
    return found["state"] == "success", found["result_message"]


CASES = [
    *((vendor, {}, True, RIGHT[vendor]) for vendor in FORMS),
    *((vendor, {"password": "never-shown"}, False, WRONG_KEY[vendor]) for vendor in FORMS),
    ("kahuna", {"host": "https://nowhere.invalid"}, False, "check the host, the network and the proxy"),
    ("engagelab", {"host": "http://127.0.0.1:1"}, False, "check the host, the network and the proxy"),
    ("moengage", {"host": "", "extra": '{"data_center": "07"}'}, False, "is not one of 01, 02, 03, 04, 05, 06, 101"),
    ("moengage", {"host": ""}, False, "it is the number in the address of your MoEngage dashboard"),
    ("engagelab", {"host": "", "extra": '{"region": "mars"}'}, False, "is not one of singapore, virginia"),
]


@pytest.mark.parametrize("way", [in_the_api_server, on_a_worker], ids=lambda way: way.__name__)
@pytest.mark.parametrize(("vendor", "fields", "works", "sentence"), CASES)
def test_the_sentence_has_a_remedy(
    up: Any, way: Callable[..., tuple[bool, str]], vendor: str, fields: dict[str, Any], works: bool, sentence: str
) -> None:
    result = way(up, body(up, vendor, **fields))
    assert result[0] is works, result
    assert sentence in result[1]
    assert not re.search(r"never-shown|sandbox-secret(?!-key)|sandbox-api-key|sandbox-data-key", result[1])

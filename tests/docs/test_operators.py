# SPDX-License-Identifier: Apache-2.0
"""docs/operators/ and docs/users.md: every parameter with its default, and the request for EUIDs as it is written."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from typing import Any

import pytest
import requests
from pages import blocks, section

from airflow_provider_userattrs import operators
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.setting import SettingOperator

VENDORS = ("EngageLab", "Kahuna", "MoEngage")


def result(page: str, heading: str) -> dict[str, str]:
    """Return the parameters that the tables under a heading have, with the default that they name."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+?) \|$", section(page, heading), re.MULTILINE)
    return {name: default.strip("`") for name, default in rows}


def taken(kind: type) -> dict[str, str]:
    """Return the parameters that a class takes itself, with their defaults as they are written."""
    found = {}
    for each in inspect.signature(kind.__init__).parameters.values():  # type: ignore[misc]
        if each.kind is each.KEYWORD_ONLY:
            found[each.name] = "required" if each.default is each.empty else repr(each.default).replace("'", '"')
    return found


def test_what_all_take() -> None:
    shown = result("docs/operators/index.md", "What all of them take")
    assert shown == {**taken(UserPushOperator), **taken(SettingOperator)}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_a_vendor_s_take(vendor: str) -> None:
    classes = [getattr(operators, name) for name in operators.__all__ if name.startswith(vendor)]
    own: dict[str, set[str]] = {}
    for kind in {base for each in classes for base in each.__mro__ if base.__module__ == classes[0].__module__}:
        if "__init__" in vars(kind):
            for name, default in taken(kind).items():
                own.setdefault(name, set()).add(default)
    shown = result(f"docs/operators/{vendor.lower()}.md", f"{vendor}'s operators")
    assert own.pop("attributes") == {"None", "required"}
    assert shown.pop("attributes") == "None` (unset: required)"
    assert {name: {default} for name, default in shown.items() if name in own} == own


def test_the_channels() -> None:
    from airflow_provider_userattrs.vendors.engagelab.api import CHANNELS

    table = section("docs/operators/engagelab.md", "Contact channels")
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    assert [name for cell in listed for name in re.findall(r"`(\w+)`", cell)] == list(CHANNELS)


def test_the_request_for_euids(sandbox: Any) -> None:
    curl, url, *options = shlex.split(blocks("docs/users.md", "EngageLab: the EUID", "bash")[0].text)
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert (curl, list(given)) == ("curl", ["-u", "-H", "-d"])
    host = sandbox.base_url("engagelab")
    login = sandbox.world.vendors["engagelab"].login
    response = requests.post(
        url.replace("https://ma-api.engagelab.com", host),
        data=given["-d"],
        headers=dict([given["-H"].split(": ")]),
        auth=(login.user, login.password),
        timeout=30,
    )
    answer = response.json()
    assert answer["code"] == 0
    values = json.loads(given["-d"])["identity_values"]
    assert [set(item) for item in answer["data"]] == [{"identity_value", "euid"}] * len(values)

# SPDX-License-Identifier: Apache-2.0
"""The table of vendors, from which the sandbox is made."""

from __future__ import annotations

import pytest
import requests

from airflow_provider_userattrs.sandbox.server import serve
from airflow_provider_userattrs.sandbox.vendor import VendorClass, listed
from airflow_provider_userattrs.sandbox.vendors import VENDORS
from airflow_provider_userattrs.sandbox.world import World


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_a_vendors_switches_are_named_after_it(vendor: VendorClass) -> None:
    assert all(switch.name.startswith(f"{vendor.name}.") for switch in vendor.switches)
    assert vendor.environments


def test_only_the_vendors_of_a_world_are_served() -> None:
    first, *others = VENDORS
    with serve(world=World(vendors=[first])) as sandbox:
        vendors = requests.get(f"{sandbox.url}/_sandbox/health").json()["vendors"]
        switches = requests.get(f"{sandbox.url}/_sandbox/switches").json()
        page = requests.get(sandbox.url).text
        elsewhere = requests.post(sandbox.base_url(others[0].name)).status_code
    assert list(vendors) == [first.name]
    assert {name.partition(".")[0] for name in switches} == {"history", first.name}
    assert first.title in page
    assert not any(other.title in page for other in others)
    assert elsewhere in (404, 405)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(1, "EngageLab MA"), (2, "EngageLab MA and Kahuna"), (3, "EngageLab MA, Kahuna and MoEngage")],
)
def test_vendors_in_a_sentence(count: int, sentence: str) -> None:
    assert listed(VENDORS[:count]) == sentence

# SPDX-License-Identifier: Apache-2.0
"""Servers that each are a process of their own, as they are in production."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from servers import Postgres, Redis


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture(scope="module")
def vendors() -> Iterator[str]:
    """Serve the three vendors and give their address."""
    command = [sys.executable, "-m", "airflow_provider_userattrs.sandbox", "--port", "0", "--empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address is not None, "the sandbox did not start"
        try:
            yield address[0]
        finally:
            process.terminate()
            process.communicate()


@pytest.fixture
def connection(vendors: str) -> Callable[[str], dict[str, str]]:
    """Return a function that gives the fields of a connection to a vendor."""
    from airflow_provider_userattrs.sandbox.vendors import VENDORS

    def to(vendor: str) -> dict[str, str]:
        login, password = next(each.login for each in VENDORS if each.name == vendor)
        return {"conn_type": vendor, "host": f"{vendors}/{vendor}", "login": login, "password": password}

    return to


@pytest.fixture
def control(vendors: str, _http: requests.Session) -> Any:
    """Control the sandbox, which keeps no history here."""
    from conftest import Control

    return Control(vendors, _http)

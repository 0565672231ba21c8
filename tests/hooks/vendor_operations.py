# SPDX-License-Identifier: Apache-2.0
"""An operation of each vendor, and how a request that fails is checked."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

VENDORS = ["engagelab", "kahuna", "moengage"]

#: vendor -> an operation and a body for it.
OPERATIONS = {
    "engagelab": engagelab.OPERATIONS["set"],
    "kahuna": kahuna.OPERATIONS["set"],
    "moengage": moengage.OPERATIONS["set"],
}


def assert_no_response(hook: Any, vendor: str = "engagelab") -> None:
    with pytest.raises(NoResponse) as error:
        hook.sender(OPERATIONS[vendor])(b'{"euid": 1}')
    assert "the-password" not in str(error.value)


def assert_not_sent(hook: Any, vendor: str = "engagelab") -> None:
    with pytest.raises(NotSent) as error:
        hook.sender(OPERATIONS[vendor])(b'{"euid": 1}')
    assert "the-password" not in str(error.value)

# SPDX-License-Identifier: Apache-2.0
"""A value as it is sent to MoEngage."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.moengage import api as moengage

UTC = time_zone("UTC")


@pytest.fixture(scope="session")
def sent(become: Any) -> Any:
    """Return a function from a value to the JSON text it is sent as, or the code it is refused with."""

    def send(value: Any, name: str = "x", zone: Any = UTC, notes: Any = None, check_size: bool = True) -> Any:
        operation = moengage.set_attributes(check_size=check_size)
        row = {"customer_id": "john", name: value}
        body = become(operation, {"customer_id": "customer_id"}, row, zone=zone, notes=notes)
        if isinstance(body, Verdict):
            assert (body.status, body.attribute) == (Status.INVALID, name[:80])
            assert body.remedy.endswith(".")
            return body.code
        head = b'{"type":"customer","customer_id":"john","attributes":{"%s":' % name.encode()
        assert body.startswith(head)
        assert body.endswith(b"}}")
        return body[len(head) : -2].decode()

    return send

# SPDX-License-Identifier: Apache-2.0
"""Connections that the sandbox may cut off."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.sandbox.connections import Connections


@pytest.mark.parametrize("client", [None, ("127.0.0.1", 1)])
def test_a_connection_that_is_not_there(client: Any) -> None:
    connections = Connections()
    connections.abort(client)
    assert connections.seconds_waiting(client) == 0

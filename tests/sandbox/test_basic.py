# SPDX-License-Identifier: Apache-2.0
"""Basic authentication: what a header says, and each way in which it says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.sandbox.basic import Flaw, Login, read_basic


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Flaw.MISSING),
        ("", Flaw.MISSING),
        ("Digest YTpi", Flaw.SCHEME),
        ("Basic", Flaw.UNREADABLE),
        ("Basic YT", Flaw.UNREADABLE),
        ("basic YTpi", Login("a", "b")),
        ("Basic YTpiOmM=", Login("a", "b:c")),
        ("Basic Og==", Login("", "")),
    ],
)
def test_basic(header: str | None, expected: Any) -> None:
    assert read_basic(header) == expected

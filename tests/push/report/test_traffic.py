# SPDX-License-Identifier: Apache-2.0
"""What one try sends, counted."""

from __future__ import annotations

from airflow_provider_userattrs.push.report.traffic import Traffic


def test_what_else_a_try_sends_is_added() -> None:
    traffic = Traffic(requests=3, retries=1, bytes=50, duplicates=2, request_id="abc")
    traffic.add(Traffic(requests=4, retries=2, bytes=60))
    assert traffic == Traffic(requests=7, retries=3, bytes=110, duplicates=2, request_id="abc")

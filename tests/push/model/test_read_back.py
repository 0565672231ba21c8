# SPDX-License-Identifier: Apache-2.0
"""What reading a user back may show: as the report counts it."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.read_back import CannotRead, Finding
from airflow_provider_userattrs.report import Verified


def test_the_report_counts_each_finding() -> None:
    assert {finding.value for finding in Finding} == set(Verified.__annotations__) - {"sampled", "why"}


def test_why_users_cannot_be_read_is_said_in_words() -> None:
    assert str(CannotRead("Get User is not enabled")) == "Get User is not enabled"

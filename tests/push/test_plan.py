# SPDX-License-Identifier: Apache-2.0
"""A plan: it stands once it is made, and shares nothing with another one."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.push.plan import PushPlan


def test_it_is_frozen() -> None:
    plan = PushPlan(operation())
    with pytest.raises(FrozenInstanceError):
        plan.dry_run = True  # type: ignore[misc]


def test_two_plans_share_no_clock() -> None:
    assert PushPlan(operation()).clock is not PushPlan(operation()).clock


def test_rows_in_doubt_are_unknown_by_default_and_not_sent_again() -> None:
    in_doubt = PushPlan(operation()).in_doubt
    assert (in_doubt.status, in_doubt.action) == (Status.UNKNOWN, Action.KEEP)
    assert in_doubt.meaning
    assert in_doubt.remedy

# SPDX-License-Identifier: Apache-2.0
"""A plan: it stands once it is made, and shares nothing with another one."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.push.plan import PushPlan


def test_it_stands_once_it_is_made() -> None:
    plan = PushPlan(operation())
    with pytest.raises(FrozenInstanceError):
        plan.dry_run = True  # type: ignore[misc]


def test_two_share_no_clock() -> None:
    assert PushPlan(operation()).clock is not PushPlan(operation()).clock


def test_what_may_have_been_sent_is_unknown_and_never_tried_again_unless_another_verdict_is_given() -> None:
    in_doubt = PushPlan(operation()).in_doubt
    assert (in_doubt.status, in_doubt.action) == (Status.UNKNOWN, Action.KEEP)
    assert in_doubt.meaning
    assert in_doubt.remedy

# SPDX-License-Identifier: Apache-2.0
"""What an HTTP status means where the vendor's own pages say nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.operation import Answer
from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.http import by_status
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

K, R, S, P = Action.KEEP, Action.RETRY, Action.STOP, Action.SPLIT


@pytest.mark.parametrize(
    ("status", "becomes", "action"),
    [
        (401, Status.UNSENT, S),
        (403, Status.UNSENT, S),
        (404, Status.UNSENT, S),
        (405, Status.UNSENT, S),
        (407, Status.UNSENT, S),
        (408, Status.UNKNOWN, R),
        (413, Status.REJECTED, P),
        (423, Status.UNSENT, R),
        (425, Status.UNSENT, R),
        (429, Status.UNSENT, R),
        (400, Status.REJECTED, K),
        (418, Status.REJECTED, K),
        (422, Status.REJECTED, K),
        (300, Status.UNKNOWN, S),
        (301, Status.UNKNOWN, S),
        (302, Status.UNKNOWN, S),
        (303, Status.UNKNOWN, S),
        (307, Status.UNKNOWN, S),
        (500, Status.UNKNOWN, R),
        (502, Status.UNKNOWN, R),
        (503, Status.UNKNOWN, R),
        (504, Status.UNKNOWN, R),
        (599, Status.UNKNOWN, R),
        (200, Status.UNKNOWN, K),
        (201, Status.UNKNOWN, K),
        (204, Status.UNKNOWN, K),
        (101, Status.UNKNOWN, K),
    ],
)
def test_table(status: int, becomes: Status, action: Action) -> None:
    verdict = by_status(status)
    assert (verdict.status, verdict.action) == (becomes, action)
    assert verdict.code == str(status)


@given(status=st.integers(0, 1_000))
def test_no_status_is_a_success_and_each_has_a_remedy(status: int) -> None:
    verdict = by_status(status)
    assert verdict.status in (Status.REJECTED, Status.UNKNOWN, Status.UNSENT)
    assert verdict.code == str(status)
    assert verdict.meaning
    assert verdict.remedy.endswith(".")
    assert verdict.attribute is None
    assert verdict.detail == ""
    if verdict.action is Action.RETRY:
        assert verdict.status in (Status.UNKNOWN, Status.UNSENT)


@pytest.mark.parametrize(
    ("vendor", "body"),
    [
        (engagelab, b'{"code":21003,"code":0,"message":"success"}'),
        (engagelab, b'{"code":0,"message":"success","code":21003}'),
        (moengage, b'{"status":"fail","status":"success"}'),
        (moengage, b'{"status":"success","status":"fail","a":' + b"[" * 1_000 + b"]" * 1_000 + b"}"),
        (kahuna, b'[{"success":false,"success":true}]'),
        (kahuna, b'[{"success":true,"success":false,"error_code":1}]'),
    ],
)
def test_an_answer_that_contradicts_itself_leaves_doubt(vendor: Any, body: bytes) -> None:
    (verdict,) = vendor.read(Answer(200, {}, body), 1)
    assert verdict.status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("vendor", "body", "users"),
    [
        (engagelab, b'{"code":0,"message":"success","data":{"code":7}}', 1),
        (moengage, b'{"status":"success","data":[{"status":"x"},{"status":"y"}]}', 1),
        (kahuna, b'[{"success":true},{"success":true,"more":{"success":1}}]', 2),
    ],
)
def test_the_same_key_in_another_object_contradicts_nothing(vendor: Any, body: bytes, users: int) -> None:
    assert [verdict.status for verdict in vendor.read(Answer(200, {}, body), users)] == [Status.ACCEPTED] * users

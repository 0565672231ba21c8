# SPDX-License-Identifier: Apache-2.0
"""What HTTP says where the vendor's own pages say nothing: statuses, and headers that ask to wait."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.verdict import Action, Status
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.http import asked_to_wait, by_status
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

NOW = 1_700_000_000.0

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
def test_a_response_that_contradicts_itself_leaves_doubt(vendor: Any, body: bytes) -> None:
    (verdict,) = vendor.read(Response(200, {}, body), range(1))
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
    assert [verdict.status for verdict in vendor.read(Response(200, {}, body), range(users))] == [
        Status.ACCEPTED
    ] * users


def http_date(seconds_from_now: float) -> str:
    return formatdate(NOW + seconds_from_now, usegmt=True)


class TestAskedToWait:
    @pytest.mark.parametrize(
        ("status", "headers", "expected"),
        [
            pytest.param(429, {"retry-after": "30"}, 30, id="seconds"),
            pytest.param(503, {"retry-after": "30"}, 30, id="seconds-with-503"),
            pytest.param(429, {"retry-after": " 30 "}, 30, id="seconds-with-blanks"),
            pytest.param(429, {"retry-after": "5, 600"}, 600, id="the-longest-of-a-list"),
            pytest.param(429, {"retry-after": "600,5"}, 600, id="the-longest-of-a-list-comes-first"),
            pytest.param(429, {"retry-after": f"5, {http_date(90)}"}, 90, id="a-date-in-a-list"),
            pytest.param(429, {"retry-after": f"{http_date(90)}, {http_date(70)}, 5"}, 90, id="dates-in-a-list"),
            pytest.param(429, {"retry-after": "5, soon"}, 5, id="rubbish-in-a-list"),
            pytest.param(429, {"retry-after": "86400"}, 86_400, id="a-day"),
            pytest.param(429, {"retry-after": "86401"}, 86_400, id="more-than-a-day"),
            pytest.param(429, {"retry-after": "99999999999"}, 86_400, id="three-thousand-years"),
            pytest.param(
                429,
                {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": "Thu, 01 Jan 1970 00:00:00 GMT"},
                86_400,
                id="date-of-9999-by-a-clock-of-1970",
            ),
            pytest.param(429, {"x-ratelimit-reset": "99999999999"}, 86_400, id="reset-in-three-thousand-years"),
            pytest.param(429, {"retry-after": http_date(90)}, 90, id="date"),
            pytest.param(429, {"retry-after": http_date(90), "date": http_date(30)}, 60, id="date-by-vendor's-clock"),
            pytest.param(
                429, {"retry-after": http_date(-7_110), "date": http_date(-7_200)}, 90, id="date-our-clock-is-fast"
            ),
            pytest.param(
                429, {"retry-after": http_date(7_290), "date": http_date(7_200)}, 90, id="date-our-clock-is-slow"
            ),
            pytest.param(429, {"retry-after": http_date(90), "date": "lunchtime"}, 90, id="date-beside-rubbish-date"),
            pytest.param(429, {"retry-after": http_date(-90)}, 0, id="date-gone-by"),
            pytest.param(429, {"x-ratelimit-reset": "42"}, 42, id="reset-seconds"),
            pytest.param(429, {"x-ratelimit-reset": "3600"}, 3_600, id="reset-longest-that-is-seconds"),
            pytest.param(429, {"x-ratelimit-reset": "3601"}, 0, id="reset-epoch-long-ago"),
            pytest.param(429, {"x-ratelimit-reset": str(int(NOW) + 42)}, 42, id="reset-epoch"),
            pytest.param(
                429, {"x-ratelimit-reset": str(int(NOW) + 42), "date": http_date(30)}, 12, id="reset-epoch-by-vendor"
            ),
            pytest.param(429, {"retry-after": "5", "x-ratelimit-reset": "42"}, 42, id="the-longer-of-two"),
            pytest.param(429, {"retry-after": "50", "x-ratelimit-reset": "42"}, 50, id="the-longer-of-two-other"),
            pytest.param(429, {"retry-after": "soon", "x-ratelimit-reset": "42"}, 42, id="rubbish-beside-reset"),
            pytest.param(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "17"}, 17, id="none-remaining"),
            pytest.param(
                200,
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 17)},
                17,
                id="none-remaining-epoch",
            ),
            pytest.param(200, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "17"}, None, id="some-remaining"),
            pytest.param(200, {"x-ratelimit-remaining": "0"}, None, id="none-remaining-no-reset"),
            pytest.param(200, {"retry-after": "30"}, None, id="not-with-200"),
            pytest.param(200, {"x-ratelimit-reset": "30"}, None, id="reset-alone-with-200"),
            pytest.param(429, {}, None, id="nothing-said"),
            pytest.param(429, {"retry-after": "soon"}, None, id="rubbish"),
            pytest.param(429, {"retry-after": ""}, None, id="empty"),
            pytest.param(429, {"retry-after": "-5"}, None, id="negative"),
            pytest.param(429, {"x-ratelimit-reset": "-5"}, None, id="reset-negative"),
            pytest.param(429, {"x-ratelimit-reset": "4.5"}, None, id="reset-fraction"),
        ],
    )
    def test_table(self, status: int, headers: dict[str, str], expected: float | None) -> None:
        assert asked_to_wait(Response(status, headers, b""), lambda: NOW) == expected

    @settings(max_examples=300)
    @given(
        status=st.sampled_from([200, 429, 503]),
        headers=st.fixed_dictionaries(
            {},
            optional={
                name: st.one_of(
                    st.text(max_size=40),
                    st.text("0123456789", max_size=40),
                    st.text("MonJan 0123456789:,GMT+-()", max_size=40),
                )
                for name in ("retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset")
            },
        ),
    )
    def test_no_header_makes_it_raise_or_go_back_in_time(self, status: int, headers: dict[str, str]) -> None:
        wait = asked_to_wait(Response(status, headers, b""), lambda: NOW)
        assert wait is None or 0 <= wait <= 86_400

    def test_an_endless_number_is_no_exception(self) -> None:
        wait = asked_to_wait(Response(429, {"x-ratelimit-reset": "9" * 5_000}, b""), lambda: NOW)
        assert wait is None or wait >= 0

    def test_dates_in_the_obsolete_form_are_gmt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "JST-9")
        time.tzset()
        try:
            text = time.asctime(time.gmtime(NOW + 90))
            assert asked_to_wait(Response(429, {"retry-after": text}, b""), lambda: NOW) == 90
        finally:
            monkeypatch.undo()
            time.tzset()

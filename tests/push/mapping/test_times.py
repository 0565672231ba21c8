# SPDX-License-Identifier: Apache-2.0
"""Times as text: in a zone's local time, and in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.mapping.times import local_text, time_zone, utc_text
from airflow_provider_userattrs.push.mapping.values import Noted
from airflow_provider_userattrs.push.model.errors import InvalidRow

BERLIN = time_zone("Europe/Berlin")


UTC = timezone.utc


def plain(value: datetime) -> str:
    return value.isoformat(" ")


class TestTimes:
    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            pytest.param(datetime(2023, 12, 12, 0, 56, 23), "2023-12-12 00:56:23", id="naive-is-of-the-zone"),
            pytest.param(datetime(2023, 12, 12, 0, 56, 23, tzinfo=UTC), "2023-12-12 01:56:23", id="winter"),
            pytest.param(datetime(2023, 7, 12, 0, 56, 23, tzinfo=UTC), "2023-07-12 02:56:23", id="summer"),
            pytest.param(datetime(2023, 12, 31, 23, 30, tzinfo=UTC), "2024-01-01 00:30:00", id="over-new-year"),
            pytest.param(
                datetime(2023, 12, 12, 0, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
                "2023-12-11 19:30:00",
                id="half-hour-zone",
            ),
            pytest.param(datetime(2023, 3, 26, 0, 59, tzinfo=UTC), "2023-03-26 01:59:00", id="before-spring"),
            pytest.param(datetime(2023, 3, 26, 1, 0, tzinfo=UTC), "2023-03-26 03:00:00", id="after-spring"),
            pytest.param(
                pendulum.datetime(2023, 12, 12, 0, 56, 23, tz="Asia/Tokyo"), "2023-12-11 16:56:23", id="pendulum"
            ),
            pytest.param(pendulum.naive(2023, 12, 12, 0, 56, 23), "2023-12-12 00:56:23", id="pendulum-naive"),
        ],
    )
    def test_clock_text_shows_what_a_clock_in_the_zone_shows(self, moment: datetime, text: str) -> None:
        assert local_text(BERLIN, plain)(moment) == text

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            pytest.param(datetime(2019, 5, 21, 3, 47, 35, tzinfo=UTC), "2019-05-21T03:47:35Z", id="utc"),
            pytest.param(datetime(2019, 1, 21, 3, 47, 35), "2019-01-21T02:47:35Z", id="naive-winter"),
            pytest.param(datetime(2019, 5, 21, 3, 47, 35), "2019-05-21T01:47:35Z", id="naive-summer"),
            pytest.param(datetime(2019, 10, 27, 2, 30), "2019-10-27T00:30:00Z", id="autumn-first"),
            pytest.param(datetime(2019, 10, 27, 2, 30, fold=1), "2019-10-27T01:30:00Z", id="autumn-second"),
            pytest.param(datetime(2019, 3, 31, 1, 59), "2019-03-31T00:59:00Z", id="before-spring"),
            pytest.param(datetime(2019, 3, 31, 3, 0), "2019-03-31T01:00:00Z", id="after-spring"),
            pytest.param(
                datetime(2019, 5, 21, 3, 47, 35, tzinfo=timezone(timedelta(hours=-10))),
                "2019-05-21T13:47:35Z",
                id="hawaii",
            ),
            pytest.param(datetime(900, 1, 2, 3, 4, 5, tzinfo=UTC), "0900-01-02T03:04:05Z", id="year-of-four-digits"),
            pytest.param(pendulum.datetime(2019, 5, 21, 3, 47, 35, tz="Asia/Tokyo"), "2019-05-20T18:47:35Z", id="pend"),
            pytest.param(pendulum.naive(2019, 5, 21, 3, 47, 35), "2019-05-21T01:47:35Z", id="pendulum-naive"),
        ],
    )
    def test_utc_text(self, moment: datetime, text: str) -> None:
        assert utc_text(BERLIN)(moment) == text

    @given(
        moment=st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1), timezones=st.timezones() | st.just(UTC)).map(
            lambda moment: moment.replace(microsecond=0)
        )
    )
    def test_utc_text_is_the_same_moment(self, moment: datetime) -> None:
        written = datetime.fromisoformat(utc_text(BERLIN)(moment).replace("Z", "+00:00"))
        assert written.timestamp() == moment.timestamp()  # moments beside a change of the clocks equal nothing else

    @pytest.mark.parametrize(
        ("to", "moment", "cut"),
        [
            ("second", datetime(2020, 1, 1, 1, 1, 1), False),
            ("second", datetime(2020, 1, 1, 1, 1, 1, 1), True),
            ("minute", datetime(2020, 1, 1, 1, 1), False),
            ("minute", datetime(2020, 1, 1, 1, 1, 1), True),
            ("minute", datetime(2020, 1, 1, 1, 1, 0, 1), True),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("zone", [None, UTC], ids=["naive", "aware"])
    def test_what_is_cut_off_is_noted(self, to: str, moment: datetime, cut: bool, zone: tzinfo | None) -> None:
        converted = local_text(UTC, lambda value: "text", to=to)(moment.replace(tzinfo=zone))
        assert isinstance(converted, Noted) == cut
        if cut:
            assert (converted.value, converted.note) == ("text", f"time cut to the {to}")

    def test_utc_text_notes_the_cut(self) -> None:
        converted = utc_text(UTC)(datetime(2019, 5, 21, 3, 47, 35, 999_999))
        assert isinstance(converted, Noted)
        assert (converted.value, converted.note) == ("2019-05-21T03:47:35Z", "time cut to the second")

    @pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
    def test_time_zone_takes_the_names_there_are(self, name: str) -> None:
        assert datetime(2020, 1, 1, tzinfo=time_zone(name)).utcoffset() is not None

    @pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "\x00", "a" * 300])
    def test_time_zone_refuses_others_by_name(self, name: str) -> None:
        with pytest.raises(ValueError, match="is not a time zone"):
            time_zone(name)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), id="first"),
        pytest.param(datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), id="last"),
    ],
)
def test_a_moment_beyond_the_calendar_says_so(moment: datetime) -> None:
    """Databases and programs write the ends of the calendar for times that are not known."""
    for convert in (local_text(UTC, plain), utc_text(UTC)):
        with pytest.raises(InvalidRow) as raised:
            convert(moment)
        assert raised.value.verdict.code == "time-out-of-range"


def test_a_moment_of_a_far_zone_at_the_end_of_the_calendar() -> None:
    with pytest.raises(InvalidRow):
        utc_text(time_zone("America/New_York"))(datetime(9999, 12, 31, 23, 59, 59))

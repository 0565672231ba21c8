# SPDX-License-Identifier: Apache-2.0
"""Dates and times from text: what databases and files write, the same on every Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.sources.iso_times import read_date, read_time, read_timestamp

UTC = timezone.utc
IST = timezone(timedelta(hours=5, minutes=30))
DAY = 2024, 8, 14


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-08-14", datetime(*DAY)),
        ("20240814", datetime(*DAY)),
        ("2024-08-14 20:36", datetime(*DAY, 20, 36)),
        ("2024-08-14 20:36:48", datetime(*DAY, 20, 36, 48)),
        ("2024-08-14T20:36:48", datetime(*DAY, 20, 36, 48)),
        ("2024-08-14t20:36:48z", datetime(*DAY, 20, 36, 48, tzinfo=UTC)),
        ("2024-08-14T20:36:48Z", datetime(*DAY, 20, 36, 48, tzinfo=UTC)),
        ("2024-08-14 20:36:48.5+00", datetime(*DAY, 20, 36, 48, 500_000, tzinfo=UTC)),
        ("2024-08-14 20:36:48.123+0530", datetime(*DAY, 20, 36, 48, 123_000, tzinfo=IST)),
        ("2024-08-14 20:36:48.123456-07", datetime(*DAY, 20, 36, 48, 123_456, tzinfo=timezone(timedelta(hours=-7)))),
        ("2024-08-14T20:36:48.123456789Z", datetime(*DAY, 20, 36, 48, 123_456, tzinfo=UTC)),
        ("2024-08-14T20:36:48,5", datetime(*DAY, 20, 36, 48, 500_000)),
        ("2024-08-14 20:36:48 +05:30", datetime(*DAY, 20, 36, 48, tzinfo=IST)),
        (
            "1890-01-01 00:00:00+00:53:28",
            datetime(1890, 1, 1, tzinfo=timezone(timedelta(minutes=53, seconds=28))),
        ),
        ("2024-08-14 20:36:48.123456 UTC", datetime(*DAY, 20, 36, 48, 123_456, tzinfo=UTC)),
        ("2024-08-14 20:36:48 UTC", datetime(*DAY, 20, 36, 48, tzinfo=UTC)),
        (" 2024-08-14 20:36:48\n", datetime(*DAY, 20, 36, 48)),
    ],
)
def test_timestamps(text: str, expected: datetime) -> None:
    read = read_timestamp(text)
    assert (read, read.tzinfo, type(read)) == (expected, expected.tzinfo, datetime)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12:30", time(12, 30)),
        ("12:30:15", time(12, 30, 15)),
        ("12:30:15.5", time(12, 30, 15, 500_000)),
        ("12:30:15.123456789", time(12, 30, 15, 123_456)),
        ("12:30:15+02", time(12, 30, 15, tzinfo=timezone(timedelta(hours=2)))),
        ("12:30:15.5Z", time(12, 30, 15, 500_000, tzinfo=UTC)),
    ],
)
def test_times(text: str, expected: time) -> None:
    assert (read_time(text), read_time(text).tzinfo) == (expected, expected.tzinfo)


@pytest.mark.parametrize("text", ["2026-11-24", "20261124", " 2026-11-24 "])
def test_dates(text: str) -> None:
    assert read_date(text) == date(2026, 11, 24)


#: What some Pythons read and others do not, or none does.
REFUSED: list[tuple[Callable[[str], Any], str]] = [
    *((read_date, text) for text in ("2026-W48-2", "2026W482", "2026-1-2", "24.11.2026", "2026-02-30")),
    (read_date, "２０２６-11-24"),  # noqa: RUF001
    *((read_date, text) for text in ("2026-11-24 10:00", "2026-1124", "", "infinity", "now")),
    *(
        (read_timestamp, text)
        for text in ("2026-W48-2T10:30:00", "2026-11-24x10:30:00", "20261124T103000", "2026-11-24 10")
    ),
    *((read_timestamp, text) for text in ("2026-11-24 24:00:00", "2026-11-24 10:30:60", "1732444200", "", "infinity")),
    *((read_timestamp, text) for text in ("2026-11-24 10:30:00 CET", "2026-11-24 10:30:00+25", "2026-11-24T10:30:00.")),
    *((read_time, text) for text in ("12", "1230", "12:3", "25:00", "12:30:15.", "", "12.30")),
]


@pytest.mark.parametrize(
    ("read", "text"), REFUSED, ids=lambda given: ascii(given) if isinstance(given, str) else given.__name__
)
def test_malformed_times(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whatever its text, only the column and its type are told
        read(text)


zones = st.none() | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=zones))
def test_what_python_writes_is_read_back(moment: datetime) -> None:
    for text in (moment.isoformat(), str(moment), moment.isoformat(timespec="microseconds")):
        assert (read_timestamp(text), read_timestamp(text).utcoffset()) == (moment, moment.utcoffset())
    assert read_date(moment.date().isoformat()) == moment.date()
    assert read_time(moment.timetz().isoformat()) == moment.timetz()

# SPDX-License-Identifier: Apache-2.0
"""docs/windows.md: a schedule in local time keeps its hour when clocks change."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pendulum
from airflow.timetables.base import TimeRestriction
from first_hour.test_windows import core_timetable
from pages import blocks


def test_local_time_when_clocks_change() -> None:
    code = blocks("docs/windows.md", "Schedules in local time", "python")[0].text
    given: dict[str, Any] = {}
    exec(re.sub(r"^@dag\(", "given = dict(", code, flags=re.MULTILINE), {"datetime": datetime}, given)
    assert given["given"]["max_active_runs"] == 1
    timetable = core_timetable(given["given"]["schedule"])
    restriction = TimeRestriction(earliest=pendulum.datetime(2026, 10, 24), latest=None, catchup=True)
    first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    second = timetable.next_dagrun_info(last_automated_data_interval=first.data_interval, restriction=restriction)
    assert [run.run_after.isoformat() for run in (first, second)] == [
        "2026-10-24T01:00:00+00:00",
        "2026-10-25T02:00:00+00:00",
    ]

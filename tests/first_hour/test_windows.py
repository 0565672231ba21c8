# SPDX-License-Identifier: Apache-2.0
"""docs/windows.md: README's nightly DAG sends each change once, whatever the timetable and however nights end."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import pendulum
import pytest
from pages import blocks, parsed, section
from versions import AIRFLOW, LOGICAL_DATE

from airflow_provider_userattrs import SqlRows

NIGHT = datetime(2026, 11, 25, 3, tzinfo=timezone.utc)
DAY = timedelta(days=1)

#: What stands for schedule= in README's DAG.
SCHEDULES = {
    "cron": '"0 3 * * *"',
    "intervals": 'CronDataIntervalTimetable("0 3 * * *", timezone="UTC")',
    "triggers": 'CronTriggerTimetable("0 3 * * *", timezone="UTC")',
    "triggers-with-interval": 'CronTriggerTimetable("0 3 * * *", timezone="UTC", interval=timedelta(days=1))',
    "timedelta": "timedelta(days=1)",
}

IMPORTS = """
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable
"""


def when(moment: datetime) -> str:
    return moment.isoformat()


class Warehouse:
    """The table `users` of README's query, in SQLite."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.execute("CREATE TABLE users (username text PRIMARY KEY, plan text, age integer, updated_at text)")

    def execute(self, sql: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(sql, values)

    def change(self, username: str, at: datetime) -> None:
        self.execute("INSERT OR REPLACE INTO users VALUES (?, 'gold', 44, ?)", username, when(at))


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    path = tmp_path / "warehouse.db"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    return Warehouse(path)


@pytest.fixture
def nightly(tmp_path: Path, airflow_database: None) -> Callable[[str], Any]:
    """Parse README's nightly DAG with another schedule, and with the placeholders that SQLite has."""

    def nightly(schedule: str) -> Any:
        code = blocks("README.md", "A nightly DAG", "python")[0].text
        assert 'schedule="0 3 * * *"' in code
        code = code.replace('schedule="0 3 * * *"', f"schedule={SCHEDULES[schedule]}").replace("retries=3", "retries=0")
        code = re.sub(r"%\((\w+)\)s", r":\1", code).replace("def nightly", f"def nightly_{schedule.replace('-', '_')}")
        code = code.replace("\nnightly()", f"\nnightly_{schedule.replace('-', '_')}()")
        folder = tmp_path / schedule
        folder.mkdir()
        (folder / "nightly.py").write_text(IMPORTS + code, encoding="utf-8")
        (dag,) = parsed(folder).dags.values()
        return dag

    return nightly


@pytest.fixture
def run(airflow: Any) -> Callable[..., Any]:
    """Run a DAG as of a moment."""

    def run(dag: Any, at: datetime) -> Any:
        return airflow.test(dag, **{LOGICAL_DATE: at})

    return run


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_each_change_is_sent_in_one_night(
    nightly: Callable[[str], Any],
    run: Callable[..., Any],
    warehouse: Warehouse,
    control: Any,
    connections: Any,
    schedule: str,
) -> None:
    dag = nightly(schedule)
    second = timedelta(seconds=1)
    changes = {
        "months_ago": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "before_the_first": NIGHT - second,
        "at_the_first": NIGHT,
        "in_the_day": NIGHT + DAY / 2,
        "before_the_second": NIGHT + DAY - second,
        "at_the_second": NIGHT + DAY,
        "before_the_third": NIGHT + 2 * DAY - second,
        "at_the_third": NIGHT + 2 * DAY,
        "in_the_afternoon": NIGHT + 2.25 * DAY,
        "after_the_run_by_hand": NIGHT + 2.75 * DAY,
        "before_the_fourth": NIGHT + 3 * DAY - second,
        "at_the_fourth": NIGHT + 3 * DAY,
    }
    control.seed("kahuna", [{"username": name} for name in changes])
    sent: list[list[str]] = []

    def night(at: datetime) -> Any:
        for name, moment in changes.items():
            if moment <= at:  # what comes later is not there yet
                warehouse.change(name, moment)
        before = {name for name, user in control.users("kahuna").items() if user["updates"]}
        done = run(dag, at)
        stored = control.users("kahuna")
        sent.append([name for name in changes if stored[name]["updates"] and name not in before])
        return done

    assert night(NIGHT).state == "success"
    control.fault("kahuna", {"status": 401})
    assert night(NIGHT + DAY).state == "failed"
    control.clear_faults()
    assert night(NIGHT + 2 * DAY).state == "success"
    assert night(NIGHT + 2.5 * DAY).state == "success"  # by hand
    assert night(NIGHT + 3 * DAY).state == "success"
    first, failed, both, by_hand, fourth = sent
    names = list(changes)
    assert first == names[:2]
    assert failed == []
    assert both == names[2:7], "the third night makes up for the second"
    assert by_hand + fourth == names[7:11], "a run by hand takes some of them from the next night, or none"
    assert {name: user["updates"] for name, user in control.users("kahuna").items()} == {
        name: 1 if name != "at_the_fourth" else 0 for name in changes
    }


@pytest.mark.skipif(AIRFLOW.major < 3, reason="on Airflow 2 each run has a logical date")
def test_a_run_without_a_logical_date_fails_as_the_page_says(
    nightly: Callable[[str], Any], airflow: Any, warehouse: Warehouse, control: Any, connections: Any
) -> None:
    done = airflow.test(nightly("cron"), logical_date=None)
    assert done.state == "failed"
    said = re.search(r'fails with "(.*?)"', section("docs/windows.md", "What a run can name"))
    assert said
    assert said[1] in str(done.error)
    assert control.journal("kahuna") == []


def test_the_beginning_that_waits_for_late_commits(airflow: Any, run: Callable[..., Any]) -> None:
    """The template renders to a quarter of an hour before the last success, and before the start_date."""
    from airflow_names import BaseOperator

    class Render(BaseOperator):
        template_fields = ("since",)

        def __init__(self, *, since: str, **options: Any) -> None:
            super().__init__(**options)
            self.since = since

        def execute(self, context: Any) -> str:
            return self.since

    (template,) = re.findall(
        r"`(\{\{ \(\(prev.*?\}\})`", section("docs/windows.md", "What a window does not see"), re.DOTALL
    )
    dag = airflow.dag(lambda: Render(task_id="render", since=template), schedule="0 3 * * *")
    assert run(dag, NIGHT).reports["render"] == when(dag.start_date - timedelta(minutes=15))
    assert run(dag, NIGHT + DAY).reports["render"] == when(NIGHT - timedelta(minutes=15))


def sent_of_a_day(server: Any, column: str, literal: bool) -> list[str]:
    """Return which of four rows about the ends of a day the recipe's query gives."""
    moments = {"before": NIGHT - timedelta(microseconds=1), "at": NIGHT, "in": NIGHT + DAY / 2, "end": NIGHT + DAY}
    zone = "+00" if column == "timestamptz" else ""
    values = ", ".join(f"('{name}', '{moment:%Y-%m-%d %H:%M:%S.%f}{zone}')" for name, moment in moments.items())
    server.execute(
        f"CREATE TABLE users (username varchar(20), updated_at {column})",
        f"INSERT INTO users VALUES {values}",
    )
    sql = "SELECT username FROM users WHERE updated_at >= %(since)s AND updated_at < %(until)s"
    window = {"since": when(NIGHT), "until": when(NIGHT + DAY)}
    if literal:
        sql = sql % {name: f"'{moment}'" for name, moment in window.items()}
    rows = SqlRows(sql, conn_id="warehouse", parameters=None if literal else window, key="username").rows()
    return sorted(row["username"] for row in rows if isinstance(row, dict))


@pytest.mark.parametrize("literal", [True, False], ids=["literal", "placeholder"])
def test_postgresql_compares_the_moment_as_its_own_type(postgres: Any, literal: bool) -> None:
    assert sent_of_a_day(postgres, "timestamptz", literal) == ["at", "in"]


@pytest.mark.parametrize("literal", [True, False], ids=["literal", "placeholder"])
def test_mariadb_compares_the_moment_as_its_own_type(mariadb: Any, literal: bool) -> None:
    assert sent_of_a_day(mariadb, "datetime(6)", literal) == ["at", "in"]


@pytest.mark.parametrize(("compared", "sent"), [("{}", ["end"]), ("datetime({})", ["at", "in"])], ids=["text", "time"])
def test_sqlite_compares_texts(sqlite: Any, compared: str, sent: list[str]) -> None:
    """So a night loses its users and has one of the next, unless the query says datetime()."""
    page = section("docs/windows.md", "The recipe")
    assert "`datetime(updated_at) >= datetime(:since)`" in page
    moments = {"before": NIGHT - DAY / 24, "at": NIGHT, "in": NIGHT + DAY / 2, "end": NIGHT + DAY}
    values = ", ".join(f"('{name}', '{moment:%Y-%m-%d %H:%M:%S}')" for name, moment in moments.items())
    sqlite("CREATE TABLE users (username, updated_at)", f"INSERT INTO users VALUES {values}")
    column, since, until = map(compared.format, ("updated_at", ":since", ":until"))
    sql = f"SELECT username FROM users WHERE {column} >= {since} AND {column} < {until}"
    window = {"since": when(NIGHT), "until": when(NIGHT + DAY)}
    rows = SqlRows(sql, conn_id="warehouse", parameters=window, key="username").rows()
    assert sorted(row["username"] for row in rows if isinstance(row, dict)) == sent


# What a run can name


def next_run(schedule: Any) -> Any:
    """Return what the scheduler makes of the run at 03:00 on 25 November."""
    from airflow.timetables.base import TimeRestriction

    timetable = core_timetable(schedule)
    restriction = TimeRestriction(earliest=pendulum.instance(NIGHT - 2 * DAY), latest=None, catchup=True)
    info = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    while info.run_after < NIGHT:
        info = timetable.next_dagrun_info(last_automated_data_interval=info.data_interval, restriction=restriction)
    return info


def core_timetable(schedule: Any) -> Any:
    """Return the timetable by which the scheduler runs a DAG."""
    from airflow_names import DAG

    timetable = DAG("d", schedule=schedule, start_date=NIGHT).timetable
    if hasattr(timetable, "next_dagrun_info"):
        return timetable
    serialization = import_module("airflow.serialization.serialized_objects")
    return serialization.decode_timetable(serialization.encode_timetable(timetable))


def test_the_page_s_table_is_so_on_this_airflow() -> None:
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \| (.+?) \|$", section("docs/windows.md", "What a run can name"), re.MULTILINE
    )
    result = {row[0]: row[1 if AIRFLOW.major == 2 else 2] for row in rows}
    info = next_run("0 3 * * *")
    assert result["a cron string is"] == f"`{type(core_timetable('0 3 * * *')).__name__}`"
    assert result["`data_interval_start`"] == f"{info.data_interval.start:%-d %B %H:%M}"
    assert result["`data_interval_end`"] == f"{info.data_interval.end:%-d %B %H:%M}"
    assert result["`ds`, the day of `logical_date`"] == f"{info.logical_date:%Y-%m-%d}"


def test_the_timetables_that_the_page_names_have_the_same_intervals() -> None:
    from airflow.timetables.interval import CronDataIntervalTimetable
    from airflow.timetables.trigger import CronTriggerTimetable

    intervals = CronDataIntervalTimetable("0 3 * * *", timezone="UTC")
    triggers = CronTriggerTimetable("0 3 * * *", timezone="UTC", interval=timedelta(days=1))
    for timetable in (intervals, triggers):
        interval = next_run(timetable).data_interval
        assert (interval.start, interval.end) == (NIGHT - DAY, NIGHT)

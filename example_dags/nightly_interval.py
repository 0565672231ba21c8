# SPDX-License-Identifier: Apache-2.0
"""Every night: to MoEngage, who has ordered in the interval of the run; no two runs share one, and none is left out."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.timetables.interval import CronDataIntervalTimetable
from warehouse import TYPES

from airflow_provider_userattrs import SqlRows
from airflow_provider_userattrs.operators import MoEngageSetAttributesOperator

try:
    from airflow.sdk import dag
except ImportError:  # Airflow 2
    from airflow.decorators import dag

# On Airflow 3, the interval of a plain cron string begins and ends at the same moment; that of this timetable is a day.
ORDERED = SqlRows(
    """
    SELECT customer_id, last_order_at, orders FROM users
    WHERE last_order_at >= '{{ data_interval_start | ts }}' AND last_order_at < '{{ data_interval_end | ts }}'
    """,
    conn_id="warehouse",
    key="customer_id",
    types={"last_order_at": TYPES["last_order_at"]},
)


@dag(
    schedule=CronDataIntervalTimetable("0 3 * * *", timezone="UTC"),
    start_date=datetime(2026, 5, 1, 3),
    catchup=True,  # a night that was left out would be in no other's interval
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
)
def nightly_interval():
    MoEngageSetAttributesOperator(
        task_id="set_attributes",
        users=ORDERED,
        attributes={"last_seen_order": "last_order_at", "orders": "orders"},
        max_failed=0.05,
    )


nightly_interval()

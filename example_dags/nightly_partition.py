# SPDX-License-Identifier: Apache-2.0
"""Every night on Airflow 3.2 and later: to MoEngage, who has ordered on the day that is the run's partition."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse import TYPES

from airflow_provider_userattrs import SqlRows
from airflow_provider_userattrs.operators import MoEngageSetAttributesOperator

try:
    from airflow.sdk import CronPartitionTimetable, dag
except ImportError:  # before Airflow 3.2 runs have no partitions, and there is no such DAG
    CronPartitionTimetable = None

ORDERED = SqlRows(
    """
    SELECT customer_id, last_order_at, orders FROM users
    WHERE last_order_at >= '{{ partition_key }}' AND last_order_at < '{{ macros.ds_add(partition_key, 1) }}'
    """,
    conn_id="warehouse",
    key="customer_id",
    types={"last_order_at": TYPES["last_order_at"]},
)

if CronPartitionTimetable is not None:

    @dag(
        # At 03:00 the day before is whole, and what was committed late is there.
        schedule=CronPartitionTimetable("0 3 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
        start_date=datetime(2026, 11, 1),
        catchup=True,  # a day that was left out would be in no other's partition
        max_active_runs=1,
        default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
    )
    def nightly_partition():
        MoEngageSetAttributesOperator(
            task_id="set_attributes",
            users=ORDERED,
            attributes={"last_seen_order": "last_order_at", "orders": "orders"},
            max_failed=0.05,
        )

    nightly_partition()

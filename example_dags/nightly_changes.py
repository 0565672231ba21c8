# SPDX-License-Identifier: Apache-2.0
"""Every night: to MoEngage, who has ordered since the last night that succeeded, or since the start_date."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse import TYPES

from airflow_provider_userattrs import SqlRows
from airflow_provider_userattrs.operators import MoEngageSetAttributesOperator

try:
    from airflow.sdk import dag
except ImportError:  # Airflow 2
    from airflow.decorators import dag

# From the first moment on, up to but without the second. On Airflow 3 data_interval_start is no other moment than
# data_interval_end, and a night that failed would be lost with it on any Airflow.
ORDERED = SqlRows(
    """
    SELECT customer_id, last_order_at, orders, lifetime_value FROM users
    WHERE last_order_at >= '{{ (prev_data_interval_end_success or dag.start_date) | ts }}'
      AND last_order_at < '{{ data_interval_end | ts }}'
    """,
    conn_id="warehouse",
    key="customer_id",
    types={name: TYPES[name] for name in ("last_order_at", "lifetime_value")},
)


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,  # a run knows how the one before it ended
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
)
def nightly_changes():
    MoEngageSetAttributesOperator(
        task_id="set_attributes",
        users=ORDERED,
        attributes={"last_seen_order": "last_order_at", "orders": "orders", "revenue": "lifetime_value"},
        max_failed=0.05,
    )


nightly_changes()

# SPDX-License-Identifier: Apache-2.0
"""Every night: bring two vendors up to date, and log in the warehouse which users were not, and since when."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse import USERS

from airflow_provider_userattrs import PushLog
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator, MoEngageSetAttributesOperator

try:
    from airflow.sdk import dag
except ImportError:  # Airflow 2
    from airflow.decorators import dag

# Users are logged as digests; in PostgreSQL, give the tables a schema of their own: schema="airflow".
LOG = PushLog("warehouse", keep=timedelta(days=90))


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10), "max_failed": 0.05, "log_to": LOG},
)
def nightly_logged():
    KahunaSetAttributesOperator(task_id="kahuna", users=USERS, target=["username"], attributes=["first_name", "plan"])
    MoEngageSetAttributesOperator(task_id="moengage", users=USERS, attributes={"plan": "plan", "orders": "orders"})


nightly_logged()

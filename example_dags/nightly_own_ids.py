# SPDX-License-Identifier: Apache-2.0
"""Every night: bring EngageLab's users up to date from a warehouse that knows them by its own id, not by EUID.

EngageLab looks the ids up first, and most likely creates users for ids that it does not know: try it on a few users.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_userattrs import SqlRows
from airflow_provider_userattrs.operators import EngageLabSetAttributesOperator, EngageLabSetContactsOperator

try:
    from airflow.sdk import dag
except ImportError:  # Airflow 2
    from airflow.decorators import dag

USERS = SqlRows(
    "SELECT customer_id, first_name, plan, orders, email FROM users", conn_id="warehouse", key="customer_id"
)


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=10),
        "max_failed": 0.05,
        "user_id": "customer_id",  # the column with the id that the company's apps give to EngageLab as user_id
        # Which EUID each id has, so that the second task and the next night look up new users only.
        "euid_cache": "{{ var.value.euids_folder }}",
    },
)
def nightly_own_ids():
    set_attributes = EngageLabSetAttributesOperator(
        task_id="set_attributes", users=USERS, attributes=["first_name", "plan", "orders"]
    )
    set_contacts = EngageLabSetContactsOperator(task_id="set_contacts", users=USERS, contacts=["email"])
    set_attributes >> set_contacts


nightly_own_ids()

# SPDX-License-Identifier: Apache-2.0
"""Every night: bring MoEngage's users up to date, and remove what must not be kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from made_up_users import read_users

from airflow_provider_userattrs import Constant, Hashed
from airflow_provider_userattrs.operators import MoEngageSetAttributesOperator, MoEngageUnsetAttributesOperator

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10), "moengage_conn_id": "moengage_default"},
)
def nightly_moengage():
    @task(show_return_value_in_logs=False)  # otherwise Airflow writes every user to the task's log
    def changed_users():
        return read_users()

    @task(show_return_value_in_logs=False)
    def left_the_newsletter(users):
        return [{"customer_id": user["customer_id"]} for user in users if not user["newsletter"]]

    users = changed_users()

    set_attributes = MoEngageSetAttributesOperator(
        task_id="set_attributes",
        users=users,
        attributes={
            "first_name": "first_name",
            "plan": "plan",
            "last_seen": "last_order_at",
            "revenue": "lifetime_value",
            "email_sha256": Hashed("email"),
            "bio": "bio",
            "loaded_by": Constant("{{ dag.dag_id }}"),
        },
        bulk=True,
        max_failed=0.05,
    )
    unset_attributes = MoEngageUnsetAttributesOperator(
        task_id="unset_attributes",
        users=left_the_newsletter(users),
        attributes=["newsletter_topic", "newsletter_frequency"],
        max_failed=0.05,
    )
    set_attributes >> unset_attributes


nightly_moengage()

# SPDX-License-Identifier: Apache-2.0
"""Every night: bring EngageLab's users and their contacts up to date, and remove what must not be kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from made_up_users import read_users

from airflow_provider_userattrs import Phone
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task

# Where a retry of "increase" finds what was sent. Airflow 3.3 and later need no folder for it.
CHECKPOINTS = "{{ var.value.get('checkpoints_folder', '/tmp/userattrs-checkpoints') }}"


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10), "engagelab_conn_id": "engagelab_default"},
)
def nightly_engagelab():
    @task(show_return_value_in_logs=False)  # otherwise Airflow writes every user to the task's log
    def changed_users():
        return read_users()

    @task(show_return_value_in_logs=False)
    def left_the_newsletter(users):
        return [{"euid": user["euid"]} for user in users if not user["newsletter"]]

    users = changed_users()

    set_attributes = EngageLabSetAttributesOperator(
        task_id="set_attributes",
        users=users,
        attributes=["first_name", "plan", "birthday", "last_order_at", "lifetime_value"],
        max_failed=0.05,
    )
    set_contacts = EngageLabSetContactsOperator(
        task_id="set_contacts",
        users=users,
        contacts={"email": "email", "mobile_phone": Phone("phone", region="DE")},
        where="newsletter",  # nobody else is to be reached
        max_failed=0.05,
    )
    count_orders = EngageLabSetAttributesOperator(
        task_id="count_orders",
        users=users,
        attributes={"orders_seen": "orders"},
        operation="increase",  # never sent twice: rows in doubt are reported as unknown
        checkpoint_path=CHECKPOINTS,
        max_failed=0.05,
    )
    unset_attributes = EngageLabUnsetAttributesOperator(
        task_id="unset_attributes",
        users=left_the_newsletter(users),
        attributes=["newsletter_topic", "newsletter_frequency"],
        max_failed=0.05,
    )
    [set_attributes, set_contacts, count_orders] >> unset_attributes


nightly_engagelab()

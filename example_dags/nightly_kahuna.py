# SPDX-License-Identifier: Apache-2.0
"""Every night: bring Kahuna's users up to date, and remove what must not be kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from made_up_users import read_users

from airflow_provider_userattrs.notifications import PushNotifier
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10), "kahuna_conn_id": "kahuna_default"},
)
def nightly_kahuna():
    @task(show_return_value_in_logs=False)  # otherwise Airflow writes every user to the task's log
    def changed_users():
        return read_users()

    @task(show_return_value_in_logs=False)
    def left_the_newsletter(users):
        return [{"username": user["username"]} for user in users if not user["newsletter"]]

    users = changed_users()

    set_attributes = KahunaSetAttributesOperator(
        task_id="set_attributes",
        users=users,
        target=["username", "email"],  # Kahuna takes the first credential that matches a user
        attributes=["first_name", "city", "plan", "birthday", "last_order_at", "lifetime_value", "orders", "bio"],
        nulls="unset",
        expect_rows=(1, None),  # an empty or halved source is refused before anything is sent
        max_change=0.5,
        max_failed=0.05,
        on_attention=PushNotifier(),  # or SlackPushNotifier(), EmailPushNotifier("night@shop.example")
    )
    unset_attributes = KahunaUnsetAttributesOperator(
        task_id="unset_attributes",
        users=left_the_newsletter(users),
        target=["username"],
        attributes=["newsletter_topic", "newsletter_frequency"],
        max_failed=0.05,
    )
    set_attributes >> unset_attributes


nightly_kahuna()

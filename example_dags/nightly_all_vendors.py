# SPDX-License-Identifier: Apache-2.0
"""Every night: one set of users to all three vendors, side by side; a vendor that fails holds up no other."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import dag, task
from made_up_users import read_users

from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator
from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)
from airflow_provider_userattrs.push.mapping import Constant, Hashed

REJECTS = "{{ var.value.rejects_folder }}/{{ task.task_id }}-{{ run_id }}.jsonl"


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=10),
        "max_failed": 0.05,  # up to 5 % of the rows may fail: then the task is green, with a warning
        "rejects_path": REJECTS,  # the rows that failed, with the reason; Rejects(path) replays them
    },
)
def nightly_all_vendors():
    @task
    def changed_users():
        return read_users()

    @task
    def left_the_newsletter(users):
        kept = ("euid", "username", "customer_id")
        return [{name: user[name] for name in kept} for user in users if not user["newsletter"]]

    users = changed_users()
    leavers = left_the_newsletter(users)

    engagelab = EngageLabSetAttributesOperator(
        task_id="engagelab_attributes",
        users=users,
        attributes=["first_name", "plan", "birthday", "last_order_at", "lifetime_value"],
    )
    contacts = EngageLabSetContactsOperator(
        task_id="engagelab_contacts",
        users=users,
        contacts={"email": "email", "mobile_phone": "phone"},
    )
    orders = EngageLabSetAttributesOperator(
        task_id="engagelab_orders",
        users=users,
        attributes={"orders_seen": "orders"},
        operation="increase",  # never sent twice: a row in doubt is reported as unknown
    )
    engagelab_unset = EngageLabUnsetAttributesOperator(
        task_id="engagelab_unset",
        users=leavers,
        attributes=["newsletter_topic"],
    )
    [engagelab, contacts, orders] >> engagelab_unset

    kahuna = KahunaSetAttributesOperator(
        task_id="kahuna_attributes",
        users=users,
        target=["username"],
        attributes=["first_name", "city", "plan", "birthday", "last_order_at", "lifetime_value", "bio"],
        nulls="unset",
    )
    kahuna_unset = KahunaUnsetAttributesOperator(
        task_id="kahuna_unset",
        users=leavers,
        target=["username"],
        attributes=["newsletter_topic"],
    )
    kahuna >> kahuna_unset

    moengage = MoEngageSetAttributesOperator(
        task_id="moengage_attributes",
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
    )
    moengage_unset = MoEngageUnsetAttributesOperator(
        task_id="moengage_unset",
        users=leavers,
        attributes=["newsletter_topic"],
    )
    moengage >> moengage_unset


nightly_all_vendors()

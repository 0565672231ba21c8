# SPDX-License-Identifier: Apache-2.0
"""Every night: push the warehouse's users to all three vendors in parallel; no vendor waits for another."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse import LEFT_THE_NEWSLETTER, USERS

from airflow_provider_userattrs import Constant, Hashed
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
    KahunaSetAttributesOperator,
    KahunaUnsetAttributesOperator,
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)

try:
    from airflow.sdk import dag
except ImportError:  # Airflow 2
    from airflow.decorators import dag

# Where a retry of "increase" finds what was sent. Airflow 3.3 and later need no folder for it.
CHECKPOINTS = "{{ var.value.get('checkpoints_folder', '/tmp/userattrs-checkpoints') }}"
REJECTS = "{{ var.value.rejects_folder }}/{{ task.task_id }}.jsonl"


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
    engagelab = EngageLabSetAttributesOperator(
        task_id="engagelab_attributes",
        users=USERS,
        attributes=["first_name", "plan", "birthday", "last_order_at", "lifetime_value"],
    )
    contacts = EngageLabSetContactsOperator(
        task_id="engagelab_contacts",
        users=USERS,
        contacts={"email": "email", "mobile_phone": "phone"},
    )
    orders = EngageLabSetAttributesOperator(
        task_id="engagelab_orders",
        users=USERS,
        attributes={"orders_seen": "orders"},
        operation="increase",  # never sent twice: a row in doubt is reported as unknown
        checkpoint_path=CHECKPOINTS,
    )
    engagelab_unset = EngageLabUnsetAttributesOperator(
        task_id="engagelab_unset",
        users=LEFT_THE_NEWSLETTER,
        attributes=["newsletter_topic"],
    )
    [engagelab, contacts, orders] >> engagelab_unset

    kahuna = KahunaSetAttributesOperator(
        task_id="kahuna_attributes",
        users=USERS,
        target=["username"],
        attributes=["first_name", "city", "plan", "birthday", "last_order_at", "lifetime_value", "bio"],
        nulls="unset",
    )
    kahuna_unset = KahunaUnsetAttributesOperator(
        task_id="kahuna_unset",
        users=LEFT_THE_NEWSLETTER,
        target=["username"],
        attributes=["newsletter_topic"],
    )
    kahuna >> kahuna_unset

    moengage = MoEngageSetAttributesOperator(
        task_id="moengage_attributes",
        users=USERS,
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
        users=LEFT_THE_NEWSLETTER,
        attributes=["newsletter_topic"],
    )
    moengage >> moengage_unset


nightly_all_vendors()

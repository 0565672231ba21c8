# SPDX-License-Identifier: Apache-2.0
"""Every night: the warehouse's users to each vendor in shards, over as many workers as there are; one verdict each."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse import USERS

from airflow_provider_userattrs import shards
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
    PushTotalOperator,
)

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task

PROFILE = ["first_name", "plan", "birthday", "last_order_at", "lifetime_value"]


@dag(
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
)
def nightly_sharded():
    @task(show_return_value_in_logs=False)  # the edges of the shards are users' ids
    def split():
        return shards(USERS, 4)

    parts = split()
    shard = {"attributes": PROFILE, "map_index_template": "{{ push_label }}"}  # such as "3/4: 12 not updated"
    pushes = {
        "engagelab": EngageLabSetAttributesOperator.partial(task_id="engagelab", **shard),
        "kahuna": KahunaSetAttributesOperator.partial(task_id="kahuna", target=["username"], **shard),
        "moengage": MoEngageSetAttributesOperator.partial(task_id="moengage", **shard),
    }
    for vendor, push in pushes.items():
        # One threshold and one warning for all shards of a vendor.
        PushTotalOperator(
            task_id=f"{vendor}_total", reports=push.expand_kwargs(parts).output, max_failed=0.05, retries=1
        )


nightly_sharded()

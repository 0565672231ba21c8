# SPDX-License-Identifier: Apache-2.0
"""Every night: read all users, send those whose update changed, and unset those whom the query names no more."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse import USERS

from airflow_provider_userattrs import ChangedOnly
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
)

try:
    from airflow.sdk import dag
except ImportError:  # Airflow 2
    from airflow.decorators import dag

# Each task keeps files of its own here: digests, and for `removed` the users' ids, which are personal data.
KNOWN = ChangedOnly(
    "{{ var.value.known_folder }}",
    full_refresh="{{ params.full_refresh }}",
    removed="unset",
    max_removed="{{ params.max_removed }}",
)


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,  # two runs at once would each not know what the other sends
    params={"full_refresh": False, "max_removed": "5%"},
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10), "max_failed": 0.05, "changed_only": KNOWN},
)
def nightly_only_changed():
    EngageLabSetAttributesOperator(
        task_id="engagelab", users=USERS, attributes=["first_name", "plan", "lifetime_value"]
    )
    KahunaSetAttributesOperator(
        task_id="kahuna", users=USERS, target=["username"], attributes=["first_name", "plan", "last_order_at"]
    )
    MoEngageSetAttributesOperator(task_id="moengage", users=USERS, attributes={"plan": "plan", "orders": "orders"})


nightly_only_changed()

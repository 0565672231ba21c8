# SPDX-License-Identifier: Apache-2.0
"""Pushes that end in every state the Push report tab shows; the tests arrange the sandbox, and start them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, task

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator

BY_HAND: dict[str, Any] = {"schedule": None, "start_date": datetime(2026, 1, 1), "catchup": False}
EVIL = "<script>alert(1)</script>"

with DAG("running", **BY_HAND):
    # The sandbox keeps the 300th request waiting until the test lets it go.
    EngageLabSetAttributesOperator(
        task_id="push",
        users=[{"euid": number, "points": number} for number in range(1, 401)],
        rate_limit=60,
        concurrency=1,
        engagelab_conn_id="patient",
    )

with DAG("failed", **BY_HAND):
    KahunaSetAttributesOperator(
        task_id="push",
        users=[{"username": f"ghost{number}", "plan": "gold", EVIL: object()} for number in range(30)],
        target=["username"],
        attributes={"plan": "plan", EVIL: EVIL},
    )

with DAG("resumed", **BY_HAND):
    # At one user the sandbox asks to come back in an hour, and is well again when the task's second try comes.
    MoEngageSetAttributesOperator(
        task_id="push",
        users=[{"customer_id": f"resumed{number}", "plan": "gold"} for number in range(1_000)],
        rate_limit=160,
        retries=1,
        retry_delay=timedelta(0),
        outlets=[Asset("moengage://SANDBOXWORKSPACE/users")],
    )

with DAG("mapped", **BY_HAND):

    @task
    def shards() -> list[dict[str, object]]:
        return [
            {"users": [{"customer_id": f"{shard}{number}" * (number % 9 > 0), "plan": "gold"} for number in range(40)]}
            for shard in ("north", "east", "south")
        ]

    MoEngageSetAttributesOperator.partial(
        task_id="push", rejects_path="{{ var.value.rejects_folder }}/m.jsonl"
    ).expand_kwargs(shards())

# These never run; the tests have their runs of the past in Airflow's database.
with DAG("nightly_loyalty", **BY_HAND):
    KahunaSetAttributesOperator(task_id="push", users=[], target=["username"])
    MoEngageSetAttributesOperator.partial(task_id="push_shards").expand(users=[[], []])

with DAG("hourly_points", **BY_HAND):
    EngageLabSetAttributesOperator(task_id="push", users=[])

with DAG("first_night", **BY_HAND):
    KahunaSetAttributesOperator(task_id="push", users=[], target=["username"])
    KahunaSetAttributesOperator(task_id="older", users=[], target=["username"])

with DAG("no_night", **BY_HAND):
    KahunaSetAttributesOperator(task_id="push", users=[], target=["username"])

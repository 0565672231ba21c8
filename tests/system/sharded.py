# SPDX-License-Identifier: Apache-2.0
"""The DAG of the system test: one query, split into shards for each vendor, and one verdict on each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import dag, task

from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

SHARDS = 8

RETRIES: dict[str, Any] = {"retries": 4, "retry_delay": timedelta(0), "map_index_template": "{{ push_label }}"}


def sharded(name: str, sql: str, operator: Any, **parameters: Any) -> Any:
    @dag(dag_id=name, schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
    def build() -> None:
        @task
        def split() -> Any:
            return shards(SqlRows(sql, conn_id="warehouse", key="id"), SHARDS)

        push = operator.partial(task_id="push", concurrency=4, **RETRIES, **parameters).expand_kwargs(split())
        PushTotalOperator(task_id="total", reports=push.output, max_failed=0.01)

    return build()


sharded(
    "kahuna",
    "SELECT id, 'user' || id AS username, plan, balance FROM users",
    KahunaSetAttributesOperator,
    target=["username"],
    attributes=["plan", "balance"],
)
sharded(
    "moengage",
    "SELECT id, 'C-' || id AS customer_id, plan, balance FROM users WHERE id % 10 = 0",
    MoEngageSetAttributesOperator,
    attributes=["plan", "balance"],
)

# SPDX-License-Identifier: Apache-2.0
"""The DAGs of the benchmark's distributed rows: a query's users over so many mapped tasks."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any

from airflow.sdk import dag, task

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

OPERATORS = {
    "engagelab": (EngageLabSetAttributesOperator, {"euid": "id"}),
    "moengage": (MoEngageSetAttributesOperator, {"customer_id": "name", "attributes": ["age", "plan"]}),
}
SQL = "SELECT n AS id, 'user' || n AS name, n % 90 AS age, 'gold' AS plan FROM generate_series(1, {}) n"


def sharded(dag_id: str, push: dict[str, Any]) -> None:
    """Make the DAG of one push."""

    @dag(dag_id=dag_id, schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
    def sharded_push():
        @task
        def split():
            return shards(SqlRows(SQL.format(push["users"]), conn_id="warehouse", key="id"), push["shards"])

        operator, parameters = OPERATORS[push["vendor"]]
        operator.partial(task_id="push", retries=0, **parameters).expand_kwargs(split())

    sharded_push()


for dag_id, push in json.loads(os.environ["BENCH_PUSHES"]).items():
    sharded(dag_id, push)

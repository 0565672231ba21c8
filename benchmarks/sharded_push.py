# SPDX-License-Identifier: Apache-2.0
"""The DAG of the benchmark's distributed rows: a query's users over so many mapped tasks."""

from __future__ import annotations

import json
import os
from datetime import datetime

from airflow.sdk import dag, task

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

PUSH = json.loads(os.environ["BENCH_PUSH"])

OPERATORS = {
    "engagelab": EngageLabSetAttributesOperator.partial(task_id="push", euid="id", retries=0),
    "moengage": MoEngageSetAttributesOperator.partial(task_id="push", customer_id="name", retries=0),
}

SQL = f"SELECT n AS id, 'user' || n AS name, n % 90 AS age, 'gold' AS plan FROM generate_series(1, {PUSH['users']}) n"


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def sharded_push():
    @task
    def split():
        return shards(SqlRows(SQL, conn_id="warehouse", key="id"), PUSH["shards"])

    OPERATORS[PUSH["vendor"]].expand_kwargs(split())


sharded_push()

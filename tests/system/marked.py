# SPDX-License-Identifier: Apache-2.0
"""The DAG whose tasks are marked as failed while they push: one waits for answers, the other for its source."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from airflow.sdk import DAG

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator


class Hanging:
    """Give some rows, then wait in a system call for what never comes."""

    def identity(self) -> str:
        return "the same"

    def rows(self) -> Iterator[dict[str, Any]]:
        for number in range(300):
            yield {"username": f"user{number}", "plan": "gold"}
        os.read(os.pipe()[0], 1)


with DAG("marked", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):
    EngageLabSetAttributesOperator(
        task_id="waits",
        users=[{"euid": number, "points": 1} for number in range(1, 401)],
        operation="increase",
        rejects_path=os.environ["MARKED_REJECTS"],
        retries=3,
    )
    KahunaSetAttributesOperator(task_id="hangs", users=Hanging(), target=["username"], retries=3)

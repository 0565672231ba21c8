# SPDX-License-Identifier: Apache-2.0
"""The extra link "Push report", to where this Airflow version shows the report."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_userattrs._airflow import BaseOperatorLink


class PushReportLink(BaseOperatorLink):
    """Links to the Push report tab (Airflow 3.1 and later), or to the task's XComs."""

    name = "Push report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the link; from Airflow 3 on it is relative to Airflow's base URL.

        :param operator: the operator.
        :param ti_key: the task instance's key.
        """
        if not AIRFLOW_V_3_0_PLUS:
            return link_to(ti_key, "xcom")
        from airflow_provider_userattrs.task.progress import IS_SHOWN  # parsing does not need it

        return link_to(ti_key, "plugin/push-report" if IS_SHOWN else "xcom")


def link_to(ti_key: Any, tab: str) -> str:
    """Return the link to a task instance; from Airflow 3 on it is relative to Airflow's base URL.

    :param ti_key: the task instance's key.
    :param tab: what is shown of it.
    """
    dag, run, task = (quote(part, safe="") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
    index = -1 if ti_key.map_index is None else ti_key.map_index
    if not AIRFLOW_V_3_0_PLUS:
        query = {"dag_run_id": ti_key.run_id, "task_id": ti_key.task_id, "tab": tab}
        mapped_query = {"map_index": index} if index >= 0 else {}
        from airflow.configuration import conf

        base_url = conf.get("webserver", "base_url", fallback="")
        return f"{base_url}/dags/{dag}/grid?{urlencode({**query, **mapped_query})}"
    mapped = f"/mapped/{index}" if index >= 0 else ""
    return f"dags/{dag}/runs/{run}/tasks/{task}{mapped}/{tab}".rstrip("/")

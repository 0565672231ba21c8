# SPDX-License-Identifier: Apache-2.0
"""The plugin: "Push report" on task instances, "Pushes" on DAGs and under Browse (Airflow 3.1 and later).

Airflow imports this module in each of its processes, so the page itself is imported only when it is requested.
Airflow 2 knows neither ``fastapi_apps`` nor ``external_views`` and ignores both.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs._airflow import AirflowPlugin


class _Page:
    """Serves the pages; their modules are imported at the first request, in the API server alone."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from airflow_provider_userattrs.plugins.app import app

        await app(scope, receive, send)


class PushReportPlugin(AirflowPlugin):
    """Registers the pages and where they are found."""

    name = "userattrs_push_report"
    fastapi_apps = [{"name": "Push report", "app": _Page(), "url_prefix": "/userattrs"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Push report",
            # Without a leading slash, so that it works under any base URL.
            "href": "userattrs/dags/{DAG_ID}/runs/{RUN_ID}/tasks/{TASK_ID}/{MAP_INDEX}",
            "destination": "task_instance",
            "url_route": "push-report",
        },
        {
            "name": "Pushes",
            "href": "userattrs/dags/{DAG_ID}/pushes",
            "destination": "dag",
            "url_route": "pushes",
        },
        {
            "name": "Pushes",
            "href": "userattrs/pushes",
            "destination": "nav",
            "category": "browse",
            "url_route": "all-pushes",
        },
    ]

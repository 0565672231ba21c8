# SPDX-License-Identifier: Apache-2.0
"""The page behind the tab. Airflow's API server serves it to users who may see the task instance."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from airflow_provider_userattrs.plugins.last_push import find_last_push
from airflow_provider_userattrs.plugins.page import SECURITY_HEADERS, render
from airflow_provider_userattrs.plugins.story import Story, story_of, story_of_all
from airflow_provider_userattrs.plugins.task_instances import load_instances

#: HTTP status -> message.
_MESSAGES = {
    401: "You are not logged in, or your session has expired: log in to Airflow again.",
    403: "You may not see this Dag: ask your Airflow administrator for access.",
    404: "Airflow does not know this task instance; it may have been deleted.",
}
_INTERNAL_ERROR = "This page could not be rendered; see the API server's log. The report itself is the task's XCom."

#: In place of a map index: the page that adds up all instances.
WHOLE = "whole"

#: A map index, as Airflow puts it into the URL.
_IS_INDEX = re.compile(r"[0-9]{1,9}").fullmatch

app = FastAPI(title="Push report", docs_url=None, redoc_url=None, openapi_url=None)


@app.get(
    "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/{which}",
    dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))],
)
def push_report(dag_id: str, run_id: str, task_id: str, which: str, session: SessionDep) -> HTMLResponse:
    """Show the report of one task instance, or of all instances of a mapped task.

    :param which: a map index, ``whole``, or anything else for a task that is not mapped: Airflow then leaves its
        placeholder in the URL.
    """
    is_whole = which == WHOLE
    map_index = None if is_whole else int(which) if _IS_INDEX(which) else -1
    instances = load_instances(session, dag_id, run_id, task_id, map_index)
    if not instances:
        raise HTTPException(404)
    story = story_of_all(instances) if is_whole else story_of(instances[0])
    last = None
    if story.reading and not story.is_live:
        last = find_last_push(session, dag_id, run_id, task_id, instances, is_whole=is_whole)
    return _page(render(task_id, story, WHOLE if is_whole else str(map_index), last))


@app.exception_handler(HTTPException)
def http_error(request: Request, error: HTTPException) -> HTMLResponse:
    """Explain in one sentence why there is no page."""
    message = _MESSAGES.get(error.status_code, f"There is no such page ({error.status_code}).")
    return _page(render("", Story("none", message)), error.status_code, error.headers)


@app.exception_handler(Exception)
def internal_error(request: Request, error: Exception) -> HTMLResponse:
    """Report a bug of the page; the server logs the error itself."""
    return _page(render("", Story("failed", _INTERNAL_ERROR)), 500)


def _page(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(html, status, {**SECURITY_HEADERS, **(headers or {})})

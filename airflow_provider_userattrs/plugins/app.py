# SPDX-License-Identifier: Apache-2.0
"""The pages behind the tabs. Airflow's API server serves them to users who may see the task instances."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from airflow_provider_userattrs.plugins.document import SECURITY_HEADERS
from airflow_provider_userattrs.plugins.history import chosen, histories
from airflow_provider_userattrs.plugins.last_push import find_last_push
from airflow_provider_userattrs.plugins.page import render
from airflow_provider_userattrs.plugins.past_pushes import (
    RUNS_FOR_TASKS,
    current_dags,
    has_runs,
    load_pushes,
)
from airflow_provider_userattrs.plugins.pushes import TASKS, Cut, View, render_pushes
from airflow_provider_userattrs.plugins.story import Story, story_of, story_of_all
from airflow_provider_userattrs.plugins.strip import RUNS
from airflow_provider_userattrs.plugins.task_instances import load_instances

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: HTTP status -> message.
_MESSAGES = {
    401: "You are not logged in, or your session has expired: log in to Airflow again.",
    403: "You may not see this Dag: ask your Airflow administrator for access.",
    404: "Airflow does not know this task instance; it may have been deleted.",
}
#: What Airflow says of a token that is not its own, as after its key was changed; it answers 403 then, too.
_FOREIGN_TOKEN = "Invalid JWT token"
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


@app.get("/dags/{dag_id}/pushes", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))])
def pushes_of_dag(dag_id: str, request: Request, session: SessionDep) -> HTMLResponse:
    """Show the last pushes of each task of one DAG."""
    return _pushes(session, {dag_id}, View.of(request.query_params), dag_id)


@app.get("/pushes", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))])
def pushes(request: Request, user: GetUserDep, session: SessionDep) -> HTMLResponse:
    """Show the last pushes of each task of all DAGs that a user may see."""
    allowed = get_auth_manager().get_authorized_dag_ids(user=user, method="GET", session=session)
    return _pushes(session, current_dags(session) & allowed, View.of(request.query_params))


def _pushes(session: Session, dag_ids: Collection[str], view: View, dag_id: str | None = None) -> HTMLResponse:
    first = view.run
    newest, misses_tasks = load_pushes(session, dag_ids, first, first + RUNS_FOR_TASKS - 1)
    tasks = histories(newest)
    some = chosen(tasks, view.filter)
    wanted = [(each.dag_id, each.task_id) for each in some[(view.page - 1) * TASKS : view.page * TASKS]]
    loaded, is_cut = load_pushes(session, {dag for dag, _ in wanted}, first, first + RUNS - 1, wanted)
    by_task = {(each.dag_id, each.task_id): each for each in histories(loaded)}
    shown = [by_task[task] for task in wanted if task in by_task]
    last = max(each.number for each in loaded) if is_cut else first + RUNS - 1
    older = last + 1 if dag_id is not None and has_runs(session, dag_id, last) else None
    cut = Cut(runs=is_cut, tasks=misses_tasks)
    return _page(render_pushes(view, tasks, shown, len(some), dag_id=dag_id, older=older, cut=cut))


@app.exception_handler(HTTPException)
def http_error(request: Request, error: HTTPException) -> HTMLResponse:
    """Explain in one sentence why there is no page."""
    status = 401 if error.detail == _FOREIGN_TOKEN else error.status_code
    message = _MESSAGES.get(status, f"There is no such page ({status}).")
    return _page(render("", Story("none", message)), status, error.headers)


@app.exception_handler(Exception)
def internal_error(request: Request, error: Exception) -> HTMLResponse:
    """Report a bug of the page; the server logs the error itself."""
    return _page(render("", Story("failed", _INTERNAL_ERROR)), 500)


def _page(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(html, status, {**SECURITY_HEADERS, **(headers or {})})

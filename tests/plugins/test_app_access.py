# SPDX-License-Identifier: Apache-2.0
"""Who may see the page, and what else an answer holds: as Airflow has it, and nothing from anywhere."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from versions import needs

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

pytestmark = needs("Push report tab")

ADDRESS = ("no_dag", "no_run", "no_task")


@pytest.fixture
def pushed(airflow: Any, control: Any, connections: Any) -> tuple[str, str, str]:
    control.switch(engagelab__any_user=True)
    run = airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=[{"euid": 1, "a": 1}]))
    return run.dag.dag_id, run.dag_run.run_id, "push"


def bearer(token: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


@pytest.mark.parametrize("which", ["{MAP_INDEX}", "-1", "0", "whole"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YWRhOmFkYQ=="}])
def test_without_a_token_nothing_is_shown(
    get: Callable[..., Any], pushed: tuple[str, str, str], page: Any, which: str, headers: dict[str, str]
) -> None:
    answer = get(*pushed, which, headers=headers)
    assert answer.status_code == 401
    assert page(answer.text).text == "You are not logged in, or your session has expired: log in to Airflow again."


@pytest.mark.parametrize("forged", ["x", "a.b.c", ""])
def test_a_forged_token_is_refused(get: Callable[..., Any], pushed: tuple[str, str, str], forged: str) -> None:
    assert get(*pushed, **bearer(forged)).status_code in (401, 403)


def test_whose_token_is_of_another_key_is_told_to_log_in(
    get: Callable[..., Any], pushed: tuple[str, str, str], token: Callable[..., str], page: Any
) -> None:
    header, payload, signature = token().split(".")  # as after a restart with another [api_auth] jwt_secret
    answer = get(*pushed, **bearer(f"{header}.{payload}.{signature[::-1]}"))
    assert answer.status_code == 401
    assert page(answer.text).text == "You are not logged in, or your session has expired: log in to Airflow again."


def test_without_access_to_the_dag_there_is_no_page(
    get: Callable[..., Any], pushed: tuple[str, str, str], token: Callable[..., str], page: Any
) -> None:
    answer = get(*pushed, **bearer(token(role=None)))
    assert answer.status_code == 403
    assert page(answer.text).text == "You may not see this Dag: ask your Airflow administrator for access."


@pytest.fixture
def of_a_team(pushed: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have the DAG belong to a team."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.team import Team
    from airflow.utils.session import create_session

    monkeypatch.setenv("AIRFLOW__CORE__MULTI_TEAM", "True")
    with create_session() as session:
        dag: Any = session.get(DagModel, pushed[0])
        bundle: Any = session.get(DagBundleModel, dag.bundle_name)
        bundle.teams.append(Team(name="crew"))
    yield "crew"
    with create_session() as session:
        dag = session.get(DagModel, pushed[0])
        bundle = session.get(DagBundleModel, dag.bundle_name)
        bundle.teams.clear()
        session.flush()
        session.delete(session.get(Team, "crew"))


@needs("teams")
def test_another_teams_dag_is_out_of_sight(
    get: Callable[..., Any], pushed: tuple[str, str, str], token: Callable[..., str], of_a_team: str
) -> None:
    assert get(*pushed, **bearer(token(teams=["others"]))).status_code == 403
    assert get(*pushed, "whole", **bearer(token(teams=["others"]))).status_code == 403
    assert get(*pushed, **bearer(token(teams=[of_a_team]))).status_code == 200


@pytest.mark.parametrize("role", ["viewer", "user", "op", "admin"])
def test_with_access_to_the_task_there_is_a_page(
    get: Callable[..., Any], pushed: tuple[str, str, str], token: Callable[..., str], role: str
) -> None:
    assert get(*pushed, **bearer(token(role))).status_code == 200
    assert get(*pushed, headers={}, cookies={"_token": token(role)}).status_code == 200


def test_what_airflow_does_not_know_has_a_clear_message(get: Callable[..., Any], page: Any) -> None:
    answer = get(*ADDRESS)
    assert answer.status_code == 404
    assert page(answer.text).text == "Airflow does not know this task instance; it may have been deleted."


@pytest.mark.parametrize("which", ["99999999999999999999", "1e3", "٣", "-2", "'; DROP TABLE xcom; --", "<script>"])
def test_a_map_index_that_is_none_is_that_of_a_task_that_is_not_mapped(
    get: Callable[..., Any], pushed: tuple[str, str, str], which: str
) -> None:
    assert get(*pushed, which).text == get(*pushed).text


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/dags/a", "/dags/a/runs/b/tasks/c/d/e"])
def test_there_is_no_other_page(client: Any, token: Callable[..., str], path: str) -> None:
    answer = client.get(f"/userattrs{path}", **bearer(token("admin")))
    assert answer.status_code == 404
    assert "<main" in answer.text


def test_it_responses_nothing_but_get(client: Any, token: Callable[..., str], pushed: tuple[str, str, str]) -> None:
    path = "/userattrs/dags/{}/runs/{}/tasks/{}/-1".format(*pushed)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.request(method, path, **bearer(token("admin"))).status_code == 405


def test_a_mistake_of_ours_is_a_sentence(
    get: Callable[..., Any], pushed: tuple[str, str, str], page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("airflow_provider_userattrs.plugins.app.load_instances", broken)
    answer = get(*pushed)
    assert answer.status_code == 500
    assert page(answer.text).text.startswith("This page could not be rendered; ")
    assert "secret" not in answer.text


@pytest.mark.parametrize("known", [True, False])
def test_every_response_has_the_policy_that_lets_nothing_in(
    get: Callable[..., Any], pushed: tuple[str, str, str], known: bool
) -> None:
    answer = get(*(pushed if known else ADDRESS))
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["connect-src"] == "'self'"
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        assert policy[f"{tag}-src"] == f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_it_loads_nothing_and_has_no_inline_styles(
    get: Callable[..., Any], pushed: tuple[str, str, str], page: Any
) -> None:
    seen = page(get(*pushed).text)
    assert not {"img", "iframe", "object", "embed", "form", "base"} & set(seen.tags)
    assert {value for name, value in seen.attributes if name in ("src", "href")} == {"data:,", "../../../../pushes"}
    assert not any(name == "style" or name.startswith("on") for name, _ in seen.attributes)
    assert not re.search(r"url\(|@import|https?:", seen.html.replace(pushed_host(seen.html), ""))


def pushed_host(html: str) -> str:
    """Give the sandbox's address, which the configuration shows."""
    address: str = re.findall(r"<code>(http://127\.0\.0\.1:\d+)", html)[0]
    return address

# SPDX-License-Identifier: Apache-2.0
"""Who sees which DAGs among the pushes: as Airflow has it, DAG by DAG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from past_runs import Pushed, forget_runs, report_of, store_runs
from versions import needs

pytestmark = needs("Push report tab")

PATHS = ("/userattrs/pushes", "/userattrs/dags/of_the_crew/pushes")


@pytest.fixture(autouse=True)
def dags(airflow_database: None) -> Iterator[None]:
    from airflow.utils.session import create_session

    with create_session() as session:
        forget_runs(session)
        for dag_id in ("of_the_crew", "of_others"):
            store_runs(session, dag_id, [[Pushed(report_of(1))]])
    yield
    with create_session() as session:
        forget_runs(session)


@pytest.fixture
def bundle_of_the_crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have one of the DAGs belong to a team, and the other to another."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.team import Team
    from airflow.utils.session import create_session

    monkeypatch.setenv("AIRFLOW__CORE__MULTI_TEAM", "True")
    teams = {"of_the_crew": "crew", "of_others": "others"}
    with create_session() as session:
        for dag_id, team in teams.items():
            bundle: Any = DagBundleModel(name=f"bundle of {team}")
            bundle.teams.append(Team(name=team))
            session.add(bundle)
            session.flush()
            dag: Any = session.get(DagModel, dag_id)
            dag.bundle_name = bundle.name
    yield
    with create_session() as session:
        forget_runs(session)
        for team in teams.values():
            bundle = session.get(DagBundleModel, f"bundle of {team}")
            bundle.teams.clear()
            session.flush()
            session.delete(bundle)
            session.delete(session.get(Team, team))


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_nothing_is_shown(client: Any, page: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert page(answer.text).text == "You are not logged in, or your session has expired: log in to Airflow again."


@pytest.mark.parametrize("path", PATHS)
def test_without_access_to_dags_nothing_is_shown(client: Any, token: Callable[..., str], path: str) -> None:
    answer = client.get(path, headers={"Authorization": f"Bearer {token(role=None)}"})
    assert answer.status_code == 403
    assert "of_the_crew" not in answer.text


@pytest.mark.parametrize("role", ["viewer", "user", "op", "admin"])
@pytest.mark.parametrize("path", PATHS)
def test_with_access_there_is_a_page(client: Any, token: Callable[..., str], path: str, role: str) -> None:
    answer = client.get(path, headers={"Authorization": f"Bearer {token(role)}"})
    assert answer.status_code == 200
    assert "1 accepted; 20 requests" in answer.text


@needs("teams")
def test_another_teams_dags_are_out_of_sight(client: Any, token: Callable[..., str], bundle_of_the_crew: None) -> None:
    headers = {"Authorization": f"Bearer {token(teams=['crew'])}"}
    answer = client.get("/userattrs/pushes", headers=headers)
    assert "of_the_crew" in answer.text
    assert "of_others" not in answer.text
    assert client.get("/userattrs/pushes?dag=of_others", headers=headers).text.count("dags/of_others/") == 0
    assert client.get("/userattrs/dags/of_the_crew/pushes", headers=headers).status_code == 200
    assert client.get("/userattrs/dags/of_others/pushes", headers=headers).status_code == 403


def test_it_answers_nothing_but_get(client: Any, token: Callable[..., str]) -> None:
    for path in PATHS:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            headers = {"Authorization": f"Bearer {token('admin')}"}
            assert client.request(method, path, headers=headers).status_code == 405

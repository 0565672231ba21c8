# SPDX-License-Identifier: Apache-2.0
"""Pushes of the past are read in a fixed number of queries, alike from SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from past_runs import NOT_FOUND, Pushed, forget_runs, report_of, store_runs
from versions import needs

pytestmark = needs("Push report tab")

WELL, BAD = report_of(9), report_of(8, (1, NOT_FOUND))


@contextmanager
def counting() -> Iterator[list[str]]:
    """Count the queries of any connection."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    queries: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        queries.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield queries
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def store(airflow_database: None) -> Iterator[Callable[[int, int], None]]:
    """Write so many DAGs with so many runs each, the only ones there are."""
    from airflow.utils.session import create_session

    def store(dags: int, runs: int) -> None:
        with create_session() as session:
            forget_runs(session)
            for number in range(dags):
                store_runs(session, f"dag_{number:02}", [[Pushed(WELL if run % 3 else BAD)] for run in range(runs)])

    yield store
    with create_session() as session:
        forget_runs(session)


@pytest.mark.parametrize(("path", "queries"), [("pushes", 6), ("dags/dag_00/pushes", 5)])
def test_the_number_of_queries_is_the_same_for_one_run_and_a_thousand(
    store: Callable[[int, int], None], client: Any, token: Callable[..., str], path: str, queries: int
) -> None:
    headers = {"Authorization": f"Bearer {token()}"}
    store(1, 1)
    client.get(f"/userattrs/{path}", headers=headers)  # what Airflow asks for once
    counts = []
    for dags, runs in ((1, 1), (50, 20)):
        store(dags, runs)
        with counting() as made:
            assert client.get(f"/userattrs/{path}", headers=headers).status_code == 200
        counts.append([query for query in made if query.startswith("SELECT")])
    assert len(counts[0]) == len(counts[1])
    ours = [query for query in counts[0] if "dag_run" in query or "is_stale" in query]
    assert len(ours) == queries - (path == "pushes")  # one is Airflow's own: which DAGs may be seen


@contextmanager
def session_of(url: str) -> Iterator[Any]:
    """Open a session of a database that has Airflow's tables."""
    from airflow import models
    from airflow.models.base import Base
    from airflow.models.dagbundle import DagBundleModel
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(url)
    try:
        import_all: Any = models.import_all_models
        import_all()
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            bundle: Any = DagBundleModel
            session.add(bundle(name="dags-folder"))
            yield session
            session.rollback()
    finally:
        engine.dispose()


def check(session: Any) -> None:
    from airflow_provider_userattrs.plugins.last_push import find_last_push
    from airflow_provider_userattrs.plugins.past_pushes import current_dags, has_runs, load_pushes
    from airflow_provider_userattrs.plugins.task_instances import load_instances

    runs = store_runs(session, "nightly", [[Pushed(BAD if run == 4 else WELL)] for run in range(5)])
    store_runs(session, "removed", [[Pushed(WELL)]], is_stale=True)
    other = [
        Pushed({"accepted_means": "x" * 50_000}, operator="PythonOperator", task_id="large"),
        Pushed("text", operator="PythonOperator", task_id="other"),
        Pushed(None, "running", operator="MoEngageUnsetAttributesOperator", task_id="unset"),
        *[Pushed(WELL, operator="OurOwn", task_id="mapped", map_index=index) for index in range(3)],
    ]
    store_runs(session, "mixed", [other])
    assert current_dags(session) == {"nightly", "mixed"}
    found, is_cut = load_pushes(session, {"nightly", "mixed"}, 1, 3)
    assert not is_cut
    found.sort(key=lambda each: (each.number, each.dag_id))
    assert [(each.number, each.dag_id, each.task_id, each.map_index, each.state) for each in found] == [
        *[(1, "mixed", "mapped", index, "success") for index in range(3)],
        (1, "mixed", "unset", -1, "running"),
        *[(number, "nightly", "push", -1, "success") for number in (1, 2, 3)],
    ]
    assert [each.report for each in found] == [WELL] * 3 + [None, BAD, WELL, WELL]
    assert [each.run_id for each in found if each.dag_id == "nightly"] == runs[:1:-1]  # the newest first
    some, _ = load_pushes(session, {"nightly", "mixed"}, 2, 30, [("nightly", "push"), ("mixed", "large")])
    assert [(each.dag_id, each.number) for each in some] == [("nightly", number) for number in (2, 3, 4, 5)]
    assert [has_runs(session, "nightly", after) for after in (0, 4, 5)] == [True, True, False]
    instances = load_instances(session, "nightly", runs[4], "push")
    last = find_last_push(session, "nightly", runs[4], "push", instances, is_whole=False)
    assert last is not None
    assert (last.run_id, last.difference.not_applied.now) == (runs[3], 1)


def test_on_sqlite(tmp_path: Any) -> None:
    with session_of(f"sqlite:///{tmp_path / 'airflow.db'}") as session:
        check(session)


@pytest.fixture
def postgresql(_cluster: Any) -> Iterator[Any]:
    _cluster.create_database("airflow_pushes")
    with session_of(f"postgresql+psycopg2://tester@127.0.0.1:{_cluster.port}/airflow_pushes") as session:
        yield session


def test_on_postgresql(postgresql: Any) -> None:
    check(postgresql)

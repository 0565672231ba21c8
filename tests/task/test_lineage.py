# SPDX-License-Identifier: Apache-2.0
"""What others learn of a push: asset events with the counts, and OpenLineage's facets."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from airflow_names import Asset, XComArg
from versions import AIRFLOW

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")

USERS = Asset("moengage://SANDBOXWORKSPACE/users")
OTHER = Asset("x-other://somewhere")


def events(run: Any) -> dict[str, dict[str, Any]]:
    """Give the extra of each asset event of a run, by the asset's URI."""
    name = "Dataset" if AIRFLOW.major == 2 else "Asset"
    kind: Any = getattr(import_module(f"airflow.models.{name.lower()}"), f"{name}Event")
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(kind).where(kind.source_run_id == run.dag_run.run_id))
        return {event.uri: event.extra for event in found}


def test_the_event_of_the_destination_carries_the_counts(airflow: Any) -> None:
    rows = [{"customer_id": "ada", "a": 1}, {"customer_id": "", "a": 1}, {"customer_id": "bob", "a": None}]
    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=rows, outlets=[USERS, OTHER]))
    result = events(run)
    assert result[OTHER.uri] == {}
    assert result[USERS.uri] == {
        "vendor": "MoEngage",
        "operation": "set attributes",
        "dry_run": False,
        "rows": 3,
        "accepted": 1,
        "partial": 0,
        "rejected": 0,
        "invalid": 1,
        "skipped": 1,
        "unknown": 0,
        "unsent": 0,
        "warning": run.report["warning"],
    }
    assert run.report["destination"] == USERS.uri


def test_a_failed_push_makes_no_event(airflow: Any) -> None:
    rows = [{"customer_id": "", "a": 1}]
    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=rows, outlets=[USERS]))
    assert run.state == "failed"
    assert events(run) == {}


def test_a_downstream_dag_reads_the_counts(airflow: Any) -> None:
    from airflow_names import task

    @task(inlets=[USERS])
    def count(**context: Any) -> int:
        extra = context["inlet_events"][USERS][-1].extra
        return int(extra["rows"] - extra["accepted"])

    def build() -> None:
        rows = [{"customer_id": "ada", "a": 1}, {"customer_id": "", "a": 1}]
        push = MoEngageSetAttributesOperator(task_id="push", users=rows, outlets=[USERS])
        counted: XComArg = count()
        push >> counted

    assert airflow.run(build).reports["count"] == 1


@pytest.mark.parametrize(
    ("operator", "row", "more", "extra", "destination"),
    [
        (EngageLabSetAttributesOperator, {"euid": 1, "a": 1}, {}, {}, "engagelab://singapore/users"),
        (
            EngageLabSetAttributesOperator,
            {"euid": 1, "a": 1},
            {},
            {"region": "virginia"},
            "engagelab://virginia/users",
        ),
        (
            KahunaSetAttributesOperator,
            {"username": "ada", "a": 1},
            {"target": ["username"]},
            {"environment": "sandbox"},
            "kahuna://sandbox/users",
        ),
    ],
)
def test_the_report_names_the_destination(
    airflow: Any,
    connections: Callable[..., None],
    operator: Any,
    row: dict[str, Any],
    more: dict[str, Any],
    extra: dict[str, str],
    destination: str,
) -> None:
    connections(operator.__name__.split("Set")[0].lower(), extra=extra)
    run = airflow.run(lambda: operator(task_id="push", users=[row], **more))
    assert run.report["destination"] == destination
    assert Asset(destination).uri == destination


def lineage(airflow: Any, **parameters: Any) -> Any:
    """Give what OpenLineage's own extractor takes from a task that has run."""
    manager = pytest.importorskip("airflow.providers.openlineage.extractors.manager")
    ran = []
    rows = [{"customer_id": "ada", "a": 1}, {"customer_id": "", "a": 1}]

    def remember(context: Any) -> None:
        ran.append(context["ti"].task)  # what OpenLineage's listener takes

    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(task_id="push", users=rows, on_success_callback=remember, **parameters)
    )
    from airflow.utils.state import TaskInstanceState

    (instance,) = run.dag_run.get_task_instances()
    return manager.ExtractorManager().extract_metadata(
        run.dag_run, ran[0], task_instance_state=TaskInstanceState.SUCCESS, task_instance=instance
    )


def test_openlineage_learns_where_and_how_many(airflow: Any) -> None:
    result = lineage(airflow)
    (output,) = result.outputs
    assert (output.namespace, output.name) == ("moengage://SANDBOXWORKSPACE", "users")
    assert output.outputFacets["outputStatistics"].rowCount == 1


def test_of_a_dry_run_openlineage_learns_nothing(airflow: Any) -> None:
    assert lineage(airflow, dry_run=True).outputs == []

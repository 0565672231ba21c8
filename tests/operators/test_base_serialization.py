# SPDX-License-Identifier: Apache-2.0
"""A DAG with any of the operators is serialized, and read again as the same, on this Airflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from airflow_names import DAG, ObjectStoragePath, task
from vendor_cases import VENDOR_CASES, VendorCase

from airflow_provider_userattrs import ChangedOnly, FileRows, Hashed, Phone, PushLog, Rejects, SqlRows, Using, shards
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator, PushTotalOperator

CANARY = "zanzibar"
SQL = SqlRows("SELECT * FROM users", conn_id="warehouse", key="id")

OPERATIONS = [
    pytest.param(case, *case.operations[operation], id=f"{case.name}-{operation}")
    for case in VENDOR_CASES.values()
    for operation in case.operations
]


def rows(case: VendorCase) -> list[dict[str, Any]]:
    return [{**case.names(1, 1), "plan": CANARY}]


def plain(case: VendorCase, operator: Any, parameters: dict[str, Any]) -> None:
    operator(task_id="push", users=rows(case), **parameters)


def with_sql_rows(case: VendorCase, operator: Any, parameters: dict[str, Any]) -> None:
    operator(task_id="push", users=SQL, max_failed=0.05, rejects_path="s3://bucket/{{ ds }}.jsonl", **parameters)


def with_file_rows(case: VendorCase, operator: Any, parameters: dict[str, Any]) -> None:
    operator(task_id="push", users=FileRows("s3://bucket/{{ ds }}/*.parquet"), **parameters)


def with_rejects(case: VendorCase, operator: Any, parameters: dict[str, Any]) -> None:
    operator(task_id="push", users=Rejects("s3://bucket/rejects.jsonl"), **parameters)


def after_a_task(case: VendorCase, operator: Any, parameters: dict[str, Any]) -> None:
    @task
    def upstream() -> list[dict[str, Any]]:
        return rows(case)

    operator(task_id="push", users=upstream(), **parameters)


def mapped(case: VendorCase, operator: Any, parameters: dict[str, Any]) -> None:
    @task
    def upstream() -> list[list[dict[str, Any]]]:
        return [rows(case)]

    operator.partial(task_id="push", log_to=PushLog("warehouse"), **parameters).expand(users=upstream())


def in_shards(case: VendorCase, operator: Any, parameters: dict[str, Any]) -> None:
    @task
    def split() -> list[dict[str, Any]]:
        return shards(SQL, 4)

    pushes = operator.partial(task_id="push", map_index_template="{{ push_label }}", **parameters).expand_kwargs(
        split()
    )
    PushTotalOperator(task_id="total", reports=pushes.output, max_failed=0.05)


FORMS = [plain, with_sql_rows, with_file_rows, with_rejects, after_a_task, mapped, in_shards]


def serialized(build: Callable[[], None]) -> str:
    """Give the JSON that Airflow stores of a DAG, once its schema has been checked."""
    with DAG("nightly", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
        build()
    stored = _serialization().to_dict(dag)
    _serialization().validate_schema(stored)
    return json.dumps(stored)


def read_back(stored: Any) -> Any:
    """Return a DAG as a scheduler reads it from what is stored."""
    return _serialization().from_dict(stored)


def _serialization() -> Any:
    serialized_objects: Any = import_module("airflow.serialization.serialized_objects")

    return getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG  # before 3.2


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("case", "operator", "parameters"), OPERATIONS)
def test_it_is_read_again_as_it_was(
    form: Any, case: VendorCase, operator: Any, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A scheduler in this process reads DAGs without links from then on.
    monkeypatch.setattr(_serialization(), "_load_operator_extra_links", True, raising=False)

    def build() -> None:
        form(case, operator, parameters)

    stored = serialized(build)
    assert serialized(build) == stored, "another parse of the same file would be another version of the DAG"
    assert CANARY not in stored

    dag = read_back(json.loads(stored))
    push: Any = dag.get_task("push")
    assert push.task_type == operator.__name__
    assert list(push.template_fields) == list(operator.template_fields)
    assert [link.name for link in push.operator_extra_links] == ["Push report"]
    assert push.ui_color == operator.ui_color
    is_mapped = hasattr(push, "partial_kwargs")
    assert is_mapped is (form in (mapped, in_shards))
    assert push.upstream_task_ids == {mapped: {"upstream"}, after_a_task: {"upstream"}, in_shards: {"split"}}.get(
        form, set()
    )
    if form is in_shards:
        total = dag.get_task("total")
        assert total.task_type == "PushTotalOperator"
        assert total.upstream_task_ids == {"push"}
        assert str(total.trigger_rule) == "all_done"
        assert total.max_failed == 0.05
    for name, value in parameters.items():
        if name in operator.template_fields:
            found = push.partial_kwargs if is_mapped else vars(push)
            assert found[name] == value
    if form is with_sql_rows:
        assert push.users == "rows of a SqlRows"
        assert push.max_failed == 0.05
        assert push.rejects_path == "s3://bucket/{{ ds }}.jsonl"


@pytest.mark.parametrize("make", [Path, ObjectStoragePath], ids=["Path", "ObjectStoragePath"])
@pytest.mark.parametrize("is_mapped", [False, True], ids=["plain", "mapped"])
def test_a_path_is_stored_as_its_text(is_mapped: bool, make: Any) -> None:
    def build(path: Any) -> None:
        given: dict[str, Any] = {
            "target": ["username"],
            "rejects_path": path("/data/{{ ds }}/rejects.jsonl"),
            "checkpoint_path": path("/data/checkpoints"),
            "changed_only": ChangedOnly(path("/data/known")),
        }
        if is_mapped:
            KahunaSetAttributesOperator.partial(task_id="push", **given).expand(users=[path("/data/users.csv")])
        else:
            KahunaSetAttributesOperator(task_id="push", users=path("/data/users.csv"), **given)

    assert serialized(lambda: build(make)) == serialized(lambda: build(str))


@pytest.mark.parametrize("is_mapped", [False, True], ids=["plain", "mapped"])
def test_what_stands_in_place_of_a_column_is_the_same_in_every_process(is_mapped: bool) -> None:
    def build() -> None:
        given: dict[str, Any] = {
            "target": ["username"],
            "attributes": {"h": Hashed("m"), "p": Phone("m", "DE"), "u": Using("m", lambda value: value)},
            "where": "consented",
            "duplicates": "last",
        }
        if is_mapped:
            KahunaSetAttributesOperator.partial(task_id="push", **given).expand(users=[[]])
        else:
            KahunaSetAttributesOperator(task_id="push", users=[], **given)

    stored = serialized(build)
    assert serialized(build) == stored
    assert "Using('m', <lambda>)" in stored
    assert " at 0x" not in stored

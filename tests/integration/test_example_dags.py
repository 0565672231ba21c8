# SPDX-License-Identifier: Apache-2.0
"""The example DAGs as they are written: they parse alone, and are set as one would in production."""

from __future__ import annotations

import re
from typing import Any

import pytest
from integration.example_dags import EXAMPLES
from versions import has

DAGS = [
    "nightly_all_vendors",
    *(["nightly_approved"] if has("human in the loop") else []),
    "nightly_changes",
    "nightly_engagelab",
    "nightly_interval",
    "nightly_kahuna",
    "nightly_logged",
    "nightly_moengage",
    "nightly_only_changed",
    "nightly_own_ids",
    *(["nightly_partition"] if has("partitions") else []),
    "nightly_sharded",
]
#: Those with a window of its own for each run, none of which may be left out.
WINDOWS = ("nightly_interval", "nightly_partition")


def test_they_parse_without_network_or_sandbox(examples: Any) -> None:
    assert examples.import_errors == {}
    assert sorted(examples.dags) == DAGS


@pytest.mark.parametrize("name", DAGS)
def test_they_are_set_as_one_would_in_production(examples: Any, name: str) -> None:
    dag = examples.dags[name]
    assert dag.catchup == (name in WINDOWS)
    pushes = [task for task in dag.tasks if hasattr(task, "max_failed")]
    assert len(pushes) >= (1 if name in ("nightly_changes", *WINDOWS) else 2)
    for task in pushes:
        assert task.retries
        assert task.max_failed is not None
        assert task.upstream_task_ids or "SqlRows" in str(task.users)


def test_no_example_has_airflow_log_the_users(examples: Any) -> None:
    tasks = [task for dag in examples.dags.values() for task in dag.tasks if hasattr(task, "python_callable")]
    assert tasks
    assert [task.task_id for task in tasks if task.show_return_value_in_logs] == []


def test_examples_import_what_every_supported_airflow_has() -> None:
    newer = {EXAMPLES / f"nightly_{name}.py" for name in ("approved", "partition")}  # which are no DAG before
    nights = {*EXAMPLES.glob("nightly_*.py")} - newer
    for path in [*sorted(nights), EXAMPLES.parent / "README.md"]:
        text = path.read_text(encoding="utf-8")
        both = re.findall(
            r"^try:\n    from airflow\.sdk import (.+)\n"
            r"except ImportError:  # Airflow 2\n    from airflow\.decorators import (.+)$",
            text,
            re.MULTILINE,
        )
        assert both, path
        assert all(in_3 == in_2 for in_3, in_2 in both)
        assert len(re.findall(r"from airflow\.\S+ import (?:dag|task)", text)) == 2 * len(both)


def test_increase_has_a_checkpoint_path_before_airflow_3_3(examples: Any) -> None:
    tasks = [
        task for dag in examples.dags.values() for task in dag.tasks if getattr(task, "operation", "") == "increase"
    ]
    assert len(tasks) == 2
    assert all(task.checkpoint_path for task in tasks)

# SPDX-License-Identifier: Apache-2.0
"""Commands find a DAG in whatever Dag bundle it is, and guess none."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from versions import not_on

from airflow_provider_userattrs.cli.dags import find_dag
from airflow_provider_userattrs.cli.definition import CommandFailed

pytestmark = not_on("2.11", because="it has no Dag bundles")

DAG = """
from datetime import datetime
from airflow.sdk import dag, task
from beside_it import SCHEDULE

@dag(schedule=SCHEDULE, start_date=datetime(2026, 1, 1))
def nightly():
    @task
    def push():
        pass
    push()
nightly()
"""


@pytest.fixture
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Configure Dag bundles, each in a folder of its own; the module that their DAGs import is at its top."""
    configured: list[dict[str, Any]] = []
    monkeypatch.setattr(sys, "path", [*sys.path])

    def add(name: str, path: Path | None = None, file: str = "of/vendors/nightly.py") -> Path:
        folder = path or tmp_path / name
        if path is None:
            (folder / file).parent.mkdir(parents=True)
            (folder / file).write_text(DAG)
            (folder / "beside_it.py").write_text("SCHEDULE = None")
        local = "airflow.dag_processing.bundles.local.LocalDagBundle"
        configured.append({"name": name, "classpath": local, "kwargs": {"path": str(folder)}})
        monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(configured))
        return folder / file

    return add


def test_a_dag_of_any_bundle_is_found(bundles: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bundles("empty", tmp_path / "empty")
    file = bundles("marketing")
    dag = find_dag("nightly", None)
    assert (dag.dag_id, dag.fileloc) == ("nightly", str(file))


def test_a_dag_of_two_bundles_is_not_guessed(bundles: Callable[..., Path]) -> None:
    one, other = bundles("one"), bundles("other")
    with pytest.raises(CommandFailed, match=f"nightly is in {one} and in {other}; give the one you mean with --file"):
        find_dag("nightly", None)
    assert find_dag("nightly", str(other)).fileloc == str(other)


def test_a_dag_of_no_bundle_is_named_with_those_there_are(bundles: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bundles("empty", tmp_path / "empty")
    bundles("marketing")
    with pytest.raises(CommandFailed) as refused:
        find_dag("nightli", None)
    assert str(refused.value) == (
        f"{tmp_path}/empty, {tmp_path}/marketing have no DAG 'nightli' (did you mean 'nightly'?); they have nightly; "
        "give its file with --file"
    )


def test_a_bundle_that_cannot_be_read_is_named(bundles: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.bundles.local import LocalDagBundle

    def unreachable(bundle: Any) -> None:
        raise OSError("https://user:secret@git.example.com")

    monkeypatch.setattr(LocalDagBundle, "initialize", unreachable)
    bundles("marketing")
    with pytest.raises(CommandFailed) as refused:
        find_dag("nightly", None)
    assert str(refused.value) == ("the Dag bundle marketing cannot be read (OSError); give the DAG's file with --file")

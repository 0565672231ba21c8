# SPDX-License-Identifier: Apache-2.0
"""A checkpoint that is damaged, and names that are too long for a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from task.tries import push_once, rows

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.task.stores import PathStore

pytestmark = pytest.mark.usefixtures("connections", "clock")


def damages(state: dict[str, Any]) -> Iterator[dict[str, Any] | list[Any] | str]:
    for name in state:
        yield {**state, name: "x"}
        yield {**state, name: None} if state[name] is not None else {**state, name: 5}
        yield {each: value for each, value in state.items() if each != name}
    yield {**state, "gaps": [[5, 3]]}
    yield {**state, "below": state["below"] + 1}
    yield {**state, "counts": {"counts": {"accepted": -1}, "reasons": []}}
    yield from ([], "x")


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_a_damaged_checkpoint(control: Any, tmp_path: Path, operation: str) -> None:
    control.switch(engagelab__any_user=True)
    fault = {"status": 429, "headers": {"Retry-After": "4000"}}
    parameters: dict[str, Any] = {"users": rows(12), "operation": operation, "concurrency": 1}
    control.fault("engagelab", fault, {"from": 9, "to": 9})
    assert push_once(tmp_path, **parameters).report["accepted"] == 8
    [file] = tmp_path.iterdir()
    texts = [json.dumps(state) for state in damages(json.loads(file.read_text()))] + ["", "{", "\0"]
    for text in texts:
        file.write_text(text)
        before = len(control.journal())
        run = push_once(tmp_path, **parameters)
        if operation == "set":
            assert (run.error, run.report["accepted"], run.report["resumed_from"]) == (None, 12, None), text
            assert len(control.journal()) == before + 12
        else:
            assert isinstance(run.error, RefusedConfiguration), text
            assert "allow_restart" in str(run.error)
            assert len(control.journal()) == before


def test_ids_too_long_for_a_files_name(tmp_path: Path) -> None:
    names = set()
    for run_id in ("r" * 250, "r" * 249 + "ü"):
        ti = SimpleNamespace(dag_id="d" * 250, run_id=run_id, task_id="ä" * 250, map_index=-1)
        for key in ("userattrs_push", "userattrs_push_once", "userattrs_push_2"):
            store = PathStore(str(tmp_path), ti, key)
            assert store.read() is None
            store.write({"key": key})
            assert store.read() == {"key": key}
            names = {file.name for file in tmp_path.iterdir()}
    assert len(names) == 6

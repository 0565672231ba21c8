# SPDX-License-Identifier: Apache-2.0
"""Where a checkpoint is kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from airflow_provider_userattrs.task.stores import PathStore


def test_a_relative_folder_starts_at_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    task = SimpleNamespace(dag_id="nightly", run_id="r", task_id="push", map_index=-1)
    PathStore("checkpoints", task).write({"rows": 1})
    (file,) = (tmp_path / "checkpoints").iterdir()
    assert PathStore(str(file.parent), task).read() == {"rows": 1}

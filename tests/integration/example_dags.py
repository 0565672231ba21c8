# SPDX-License-Identifier: Apache-2.0
"""What the tests of the example DAGs share."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import warehouse_file

EXAMPLES = Path(__file__).parents[2] / "example_dags"


def fill(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str = "true") -> None:
    """Connect the warehouse of the demo, with the users of whom something is true."""
    path = folder / "warehouse.db"
    warehouse_file.write(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"DELETE FROM users WHERE NOT ({where})")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))


def pushes(run: Any) -> dict[str, Any]:
    return {task: report for task, report in run.reports.items() if isinstance(report, dict) and "vendor" in report}

# SPDX-License-Identifier: Apache-2.0
"""docs/testing.md: its test passes as it is written, without any database, connection or network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pages import blocks
from versions import AIRFLOW


def test_the_example_passes_as_written(tmp_path: Path) -> None:
    dag, test = blocks("docs/testing.md", "Testing a mapping", "python")
    code = dag.text if AIRFLOW.major > 2 else dag.text.replace("airflow.sdk", "airflow.decorators")
    (tmp_path / "nightly.py").write_text(code)
    (tmp_path / "test_nightly.py").write_text(test.text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    environment |= {
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'no folder' / 'airflow.db'}",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert not list(tmp_path.rglob("*.db"))

# SPDX-License-Identifier: Apache-2.0
"""What `make test-matrix` says of an environment that cannot be had, and of one that can."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import CalledProcessError

import matrix
import pytest

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> matrix.Row:
    """Give a row whose environment is in a folder of the test's own."""
    monkeypatch.setattr(matrix, "FOLDER", tmp_path)
    monkeypatch.setattr(matrix, "interpreter", lambda python: sys.executable)

    row = matrix.Row("2.11.2", HERE)
    (tmp_path / row.name).mkdir()
    return row


def test_a_python_that_is_not_here_is_named() -> None:
    assert matrix.run(matrix.Row("2.11.2", "3.99"), []) == (True, ["skipped: no Python 3.99 on this machine"])


def test_what_cannot_be_prepared_is_left_to_the_run() -> None:
    assert matrix.prepare(matrix.Row("2.11.2", "3.99")) == "not yet: no Python 3.99 on this machine"


def test_a_python_that_is_here_is_found() -> None:
    assert Path(matrix.interpreter(HERE)).name.startswith("python")


@pytest.mark.skipif(find_spec("uv") is None, reason="needs the extra dev")
def test_a_version_that_the_index_lacks_is_named(
    row: matrix.Row, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    said = "skipped: apache-airflow==2.11.2 cannot be had from the package index"
    assert matrix.run(row, []) == (True, [said])


def test_a_version_that_is_there_and_cannot_be_installed_beside_the_package_is_a_failure(
    row: matrix.Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    def uv(*arguments: object) -> str:
        if "-e" in arguments:
            raise CalledProcessError(1, "uv", stderr="No solution found: orjson>=99")
        return ""

    monkeypatch.setattr(matrix, "uv", uv)
    assert matrix.run(row, []) == (False, ["not installed: No solution found: orjson>=99"])


def test_what_failed_is_counted_and_why_a_test_was_skipped_is_told(
    row: matrix.Row, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "install", lambda row: Path(sys.executable))
    tests = tmp_path / "test_some.py"
    tests.write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2\n"
        "@pytest.mark.skip(reason='teams: Airflow 3.3 and later')\n"
        "def test_skipped(): pass\n"
    )
    (tmp_path / "test_other.py").write_text("import pytest\npytest.skip(\"it's tomllib's\", allow_module_level=True)\n")
    well, (counts, *skipped) = matrix.run(row, [str(tmp_path), "--noconftest", "--confcutdir", str(tmp_path)])
    assert not well
    assert counts.startswith("1 passed, 1 failed, 2 skipped; install 0 s, run ")
    assert sorted(skipped) == ["1 x skipped: it's tomllib's", "1 x skipped: teams: Airflow 3.3 and later"]
    assert "assert 1 == 2" in capsys.readouterr().out

# SPDX-License-Identifier: Apache-2.0
"""`make lint` finds what is planted in a file of the repository, and looks at no output of another target."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project.files import ROOT

PROGRAMS = Path(sys.executable).parent
NEEDED = {"spelling": "codespell", "secrets": "detect-secrets-hook", "workflows": "zizmor"}
#: In two parts each, or it would be found in this file.
TYPO = "This word was recie" + "ved.\n"
SECRET = 'API_KEY = "AKIA' + 'IOSFODNN7QWERTYU"\n'
UNPINNED = """\
name: CI
on: push
permissions: {}
jobs:
  test:
    name: test
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-python@v6
"""
#: The target -> a path, and what is planted there.
PLANTED = {
    "spelling": ("docs/page.md", TYPO),
    "secrets": ("airflow_provider_userattrs/api.py", SECRET),
    "workflows": (".github/workflows/planted.yml", UNPINNED),
}
EACH = pytest.mark.parametrize("target", PLANTED)


@pytest.fixture
def checkout(target: str, tmp_path: Path) -> Path:
    """Return a repository with this one's Makefile and settings, and with its programs in .venv."""
    if not shutil.which("make") or not (PROGRAMS / NEEDED[target]).exists():
        pytest.skip(f"make or {NEEDED[target]} is not here")
    for path in ("Makefile", "pyproject.toml", "constraints.txt", ".gitignore", ".github/workflows/ci.yml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(PROGRAMS)
    (tmp_path / ".venv" / ".ready").touch()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def lint(target: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run one piece of `make lint` on what git knows there."""
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)
    return subprocess.run(["make", f"lint-{target}"], cwd=checkout, capture_output=True, text=True)


@EACH
def test_what_is_planted_is_found(target: str, checkout: Path) -> None:
    path, text = PLANTED[target]
    before = lint(target, checkout)
    assert before.returncode == 0, before.stdout + before.stderr
    (checkout / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout / path).write_text(text)
    after = lint(target, checkout)
    assert after.returncode
    assert path in after.stdout + after.stderr


@EACH
def test_output_of_other_targets_is_not_looked_at(target: str, checkout: Path) -> None:
    for folder in ("build/docs", "dist", ".matrix", "benchmarks/.venv"):
        (checkout / folder).mkdir(parents=True)
        for name, text in PLANTED.values():
            (checkout / folder / Path(name).name).write_text(text)
    done = lint(target, checkout)
    assert done.returncode == 0, done.stdout + done.stderr

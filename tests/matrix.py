# SPDX-License-Identifier: Apache-2.0
"""Run the tests on every Airflow that is supported, each in an environment of its own: make test-matrix.

An environment is kept in .matrix/ and made again when pyproject.toml or its row changes. A row whose Python is not on
this machine is skipped by name. What pytest said of each row is in .matrix/<row>/report.xml.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".matrix"
#: What has a command of its own, or knows no Airflow.
IGNORED = ("tests/system", "tests/ui", "tests/chaos", "tests/sandbox")
#: What --smoke runs: imports, registration, serialization, and DAGs that push.
SMOKE = (
    "tests/docs/test_versions.py",
    "tests/test_get_provider_info.py",
    "tests/operators/test_base_serialization.py",
    "tests/operators/test_links.py",
    "tests/integration/test_example_dags.py",
)


@dataclass(frozen=True)
class Row:
    """One environment.

    :param airflow: the version; or ``"lowest"``, for the lowest one that is allowed of every dependency.
    :param python: the version.
    :param until: no package is newer than this day, for an old Airflow does not work with what came long after it.
    :param but: packages that may be newer, as they must.
    """

    airflow: str
    python: str
    until: str
    but: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.airflow}-py{self.python}"


ROWS = (
    Row("lowest", "3.10", "2026-04-01"),
    Row("2.11.2", "3.10", "2026-04-01"),
    Row("2.11.2", "3.12", "2026-04-01"),
    Row(
        "3.0.6",
        "3.12",
        "2025-09-15",
        but=("apache-airflow-providers-common-compat=2026-04-01", "backports-zstd=2026-04-01"),
    ),
    Row("3.1.8", "3.10", "2026-04-01"),
    Row("3.2.2", "3.13", "2026-06-15"),
    Row("3.3.2", "3.10", "2026-11-20"),
    Row("3.3.2", "3.13", "2026-11-20"),
)


def interpreter(python: str) -> str | None:
    """Return the path of a Python of this version, if there is one."""
    environment = dict(os.environ)
    if shutil.which("pyenv"):
        latest = subprocess.run(["pyenv", "latest", python], capture_output=True, text=True)
        environment["PYENV_VERSION"] = latest.stdout.strip() or environment.get("PYENV_VERSION", "")
    command = [f"python{python}", "-c", "import sys; print(sys.executable)"]
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def install(row: Row, interpreter: str) -> Path:
    """Make a row's environment, if it is not there; return its Python."""
    folder = FOLDER / row.name
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    key = hashlib.sha256(repr(astuple(row)).encode() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if ready.exists() and ready.read_text() == key:
        return python
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--clear", "--python", interpreter, folder], check=True)
    add = [*uv, "pip", "install", "--python", str(python), "--exclude-newer", row.until]
    for package in row.but:
        add += ["--exclude-newer-package", package]
    if row.airflow == "lowest":  # then the test tools, which leave what is there as it is
        lowest = ["--resolution", "lowest-direct", "-e", ".[parquet,sandbox,sql]"]
        subprocess.run([*add, *lowest], cwd=ROOT, check=True)
        subprocess.run([*add, "-e", ".[test]"], cwd=ROOT, check=True)
    else:
        subprocess.run([*add, "-e", ".[test]", f"apache-airflow=={row.airflow}"], cwd=ROOT, check=True)
    ready.write_text(key)
    return python


def test(row: Row, python: Path, arguments: list[str]) -> tuple[int, Counter[str], Counter[str]]:
    """Run the tests; return pytest's exit code, how many ended how, and why some were skipped."""
    report = FOLDER / row.name / "report.xml"
    report.unlink(missing_ok=True)
    ignored = [f"--ignore={folder}" for folder in IGNORED]
    pytest = [str(python), "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}"]
    code = subprocess.run([*pytest, *ignored, *arguments], cwd=ROOT).returncode
    ended: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    for case in cases:
        how = {child.tag for child in case}
        skip = case.find("skipped")
        if skip is not None:
            skipped[skip.get("message", "")] += 1
        ended["failed" if how & {"failure", "error"} else "skipped" if skip is not None else "passed"] += 1
    return code, ended, skipped


def main() -> int:
    """Run the rows that were asked for, and say how each ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rows whose name contains this, such as 3.1.8 or py3.10")
    parser.add_argument("--smoke", action="store_true", help="run on each row what shows that it works there, no more")
    options, arguments = parser.parse_known_args()
    arguments += SMOKE if options.smoke else ()
    lines = []
    failed = False
    for row in [row for row in ROWS if options.only in row.name]:
        print(f"--- {row.name}", flush=True)
        started = time.monotonic()
        found = interpreter(row.python)
        if found is None:
            lines.append(f"{row.name:<14} skipped: no Python {row.python} on this machine")
            continue
        try:
            python = install(row, found)
        except subprocess.CalledProcessError:
            failed = True
            lines.append(f"{row.name:<14} not installed")
            continue
        installed = time.monotonic()
        code, ended, skipped = test(row, python, arguments)
        failed |= code != 0
        counts = ", ".join(f"{ended[how]} {how}" for how in ("passed", "failed", "skipped"))
        seconds = f"install {installed - started:.0f} s, run {time.monotonic() - installed:.0f} s"
        lines.append(f"{row.name:<14} {counts}; {seconds}")
        lines += [f"{'':<14} {count} x skipped: {reason}" for reason, count in skipped.most_common()]
    print("\n".join(lines))
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())

# SPDX-License-Identifier: Apache-2.0
"""Run the tests on every Airflow that is supported, each in an environment of its own: make test-matrix.

An environment is kept in .matrix/ and made again when pyproject.toml or its row changes; what pytest printed and
reported stands there too, as output.txt and report.xml. Rows run side by side, one a processor. A row whose Python is
not on this machine, or whose Airflow is not in the package index, is skipped by name.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import astuple, dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".matrix"
#: What has a command of its own and starts a whole Airflow, or tries the engine in processes of its own, without one.
IGNORED = ("tests/system", "tests/ui", "tests/chaos")
#: What --smoke runs: imports, registration, serialization, DAGs that push, and that no failure shows anybody's data.
SMOKE = (
    "tests/docs/test_versions.py",
    "tests/test_get_provider_info.py",
    "tests/operators/test_base_serialization.py",
    "tests/operators/test_links.py",
    "tests/integration/test_commands.py",
    "tests/integration/test_example_dags.py",
    "tests/integration/test_example_nights.py",
    "tests/canaries/test_canaries.py::test_no_failure_of_an_operator_shows_a_canary[kahuna-set]",
    "tests/canaries/test_canaries.py::test_no_failure_of_a_hook_shows_a_canary[kahuna-set]",
    "tests/canaries/test_kill.py",
)
#: The row that --ci runs whole; the newest Airflow is that of constraints.txt, and `make test` runs all on it.
OLDEST = "2.11.2-py3.12"
#: Left out by --ci: what others stand for, and what comes out some day and must not stop a change.
NOT_IN_CI = ("2.11.2-py3.10", "3.3.2-py3.10", "newest-py3.13")


@dataclass(frozen=True)
class Row:
    """One environment.

    :param airflow: the version; or ``"lowest"``, for the lowest one that is allowed of every dependency; or
        ``"newest"``.
    :param python: the version.
    :param until: no package is newer than this day, for an old Airflow does not work with what came long after it.
    :param but: packages that may be newer, as they must.
    """

    airflow: str
    python: str
    until: str = ""
    but: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.airflow}-py{self.python}"

    @property
    def requirement(self) -> str:
        return "apache-airflow" if self.airflow in ("lowest", "newest") else f"apache-airflow=={self.airflow}"


ROWS = (
    Row("lowest", "3.10", "2025-06-01", but=("apache-airflow-providers-sftp=2026-04-01", "backports-zstd=2026-04-01")),
    Row("2.11.2", "3.10", "2026-04-01"),
    Row("2.11.2", "3.12", "2026-04-01"),
    Row(
        "3.0.6",
        "3.12",
        "2025-09-15",
        but=(
            "apache-airflow-providers-common-compat=2026-04-01",
            "apache-airflow-providers-sftp=2026-04-01",
            "backports-zstd=2026-04-01",
        ),
    ),
    Row("3.1.8", "3.10", "2026-04-01"),
    Row("3.2.2", "3.13", "2026-06-15"),
    Row("3.3.2", "3.10", "2026-11-20"),
    Row("3.3.2", "3.13", "2026-11-20"),
    Row("newest", "3.13"),
)


class Unavailable(Exception):
    """Neither this machine nor the package index has what the row is made of."""


def interpreter(python: str) -> str:
    """Return the path of a Python of this version."""
    environment = dict(os.environ)
    if shutil.which("pyenv"):
        latest = subprocess.run(["pyenv", "latest", python], capture_output=True, text=True)
        environment["PYENV_VERSION"] = latest.stdout.strip() or environment.get("PYENV_VERSION", "")
    command = [f"python{python}", "-c", "import sys; print(sys.executable)"]
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        raise Unavailable(f"no Python {python} on this machine") from None


def uv(*arguments: object) -> str:
    """Run uv, again if it fails, for that may have been the network; return what it printed."""
    command = [sys.executable, "-m", "uv", "--quiet", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def install(row: Row) -> Path:
    """Make a row's environment, if it is not there; return its Python."""
    folder = FOLDER / row.name
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    key = hashlib.sha256(repr(astuple(row)).encode() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if ready.exists() and ready.read_text() == key:
        return python
    uv("venv", "--clear", "--python", interpreter(row.python), folder)
    add = ["pip", "install", "--python", python]
    if row.until:
        add += ["--exclude-newer", row.until]
    for package in row.but:
        add += ["--exclude-newer-package", package]
    try:
        if row.airflow == "lowest":  # then the test tools, which leave what is there as it is
            uv(*add, "--resolution", "lowest-direct", "-e", ".[email,parquet,sandbox,slack,sql,zstd]")
            lowest = folder / "lowest.txt"
            lowest.write_text(uv("pip", "freeze", "--exclude-editable", "--python", python))
            uv(*add, "-e", ".[test]", "--constraints", lowest)
        else:
            uv(*add, "-e", ".[test]", row.requirement)
    except subprocess.CalledProcessError:
        try:
            uv(*add, "--dry-run", row.requirement)
        except subprocess.CalledProcessError:
            raise Unavailable(f"{row.requirement} cannot be had from the package index") from None
        raise
    ready.write_text(key)
    return python


def reason(skip: ElementTree.Element) -> str:
    """Return why a test was skipped, or a whole file, of which pytest writes where and why as a tuple."""
    message, text = skip.get("message", ""), skip.text or ""
    return ast.literal_eval(text)[-1].removeprefix("Skipped: ") if message == "collection skipped" else message


def test(row: Row, python: Path, arguments: list[str]) -> tuple[int, list[str]]:
    """Run the tests; return pytest's exit code, and lines on how many ended how and why some were skipped."""
    report = FOLDER / row.name / "report.xml"
    report.unlink(missing_ok=True)
    ignored = [f"--ignore={folder}" for folder in IGNORED]
    pytest = [str(python), "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}"]
    # The clients of MySQL are not in these environments.
    environment = {name: value for name, value in os.environ.items() if name != "USERATTRS_REQUIRE_SERVERS"}
    with (FOLDER / row.name / "output.txt").open("w") as output:
        code = subprocess.run(
            [*pytest, *ignored, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output
        ).returncode
    ended: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    for case in cases:
        how = {child.tag for child in case}
        skip = case.find("skipped")
        if skip is not None:
            skipped[reason(skip)] += 1
        ended["failed" if how & {"failure", "error"} else "skipped" if skip is not None else "passed"] += 1
    counts = ", ".join(f"{ended[how]} {how}" for how in ("passed", "failed", "skipped"))
    return code, [counts, *(f"{count} x skipped: {reason}" for reason, count in skipped.most_common())]


def prepare(row: Row) -> str:
    """Make a row's environment ahead of its tests, which say why if it cannot be had; return how that went."""
    try:
        install(row)
    except (Unavailable, subprocess.CalledProcessError) as failed:
        return f"not yet: {failed}"
    return "ready"


def run(row: Row, arguments: list[str]) -> tuple[bool, list[str]]:
    """Install and test a row; tell whether all is well, and what there is to say."""
    started = time.monotonic()
    try:
        python = install(row)
    except Unavailable as lacking:
        return True, [f"skipped: {lacking}"]
    except subprocess.CalledProcessError as failed:
        return False, [f"not installed: {failed.stderr}"]
    installed = time.monotonic()
    code, (counts, *skipped) = test(row, python, arguments)
    times = f"install {installed - started:.0f} s, run {time.monotonic() - installed:.0f} s"
    if code:
        print((FOLDER / row.name / "output.txt").read_text()[-20_000:])
    return code == 0, [f"{counts}; {times}", *skipped]


def main() -> int:
    """Run the rows that were asked for, and say how each ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rows whose name contains this, such as 3.1.8 or py3.10")
    parser.add_argument("--smoke", action="store_true", help="run on each row what shows that it works there, no more")
    parser.add_argument("--ci", action="store_true", help=f"the same on most, and all on {OLDEST}, before the others")
    parser.add_argument("--prepare", action="store_true", help="make the environments, and run nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many rows run side by side")
    options, arguments = parser.parse_known_args()
    left_out = NOT_IN_CI if options.ci else ()
    rows = {row.name: row for row in ROWS if options.only in row.name and row.name not in left_out}
    if options.prepare:
        with ThreadPoolExecutor(options.jobs) as pool:
            for name, how in zip(rows, pool.map(prepare, rows.values()), strict=True):
                print(f"{name}: {how}", flush=True)
        return 0
    said: dict[str, list[str]] = {}
    good = True
    side_by_side = dict(rows)
    if options.ci and OLDEST in rows:  # as long as all the others together, so it has all processors
        whole = [*arguments, "-n", str(options.jobs), "--dist", "worksteal"]
        good, said[OLDEST] = run(side_by_side.pop(OLDEST), whole)
        print(f"{OLDEST}: {said[OLDEST][0]}", flush=True)
    chosen = [*arguments, *SMOKE] if options.smoke or options.ci else arguments
    with ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(run, row, chosen): name for name, row in side_by_side.items()}
        for done in as_completed(running):
            well, said[running[done]] = done.result()
            good &= well
            print(f"{running[done]}: {said[running[done]][0]}", flush=True)
    for name in rows:
        for number, line in enumerate(said[name]):
            print(f"{'' if number else name:<14} {line}")
    return int(not good)


if __name__ == "__main__":
    raise SystemExit(main())

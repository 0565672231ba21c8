# SPDX-License-Identifier: Apache-2.0
"""Build the wheel and the sdist, check what is in them, and try the wheel in clean environments: make dist.

It is installed beside the oldest and the newest Airflow. There `airflow providers` must know it, and a DAG that is run
by `airflow dags test` must reach the sandbox.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matrix import FOLDER, OLDEST, ROOT, ROWS, Row, Unavailable, interpreter, uv

from airflow_provider_userattrs import __version__

DIST = ROOT / "dist"
NAME = "airflow-provider-userattrs"
PACKAGE = "airflow_provider_userattrs"
#: What the sdist holds besides the package: what one needs to build it, to read of it, and to try it.
BESIDE = ("CHANGELOG.md", "LICENSE", "README.md", "example_dags", "pyproject.toml")
#: What the build backend adds.
ADDED = {"PKG-INFO", ".gitignore"}
METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}

DAG = """\
from datetime import datetime

from airflow import DAG

from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator

with DAG("push", schedule=None, start_date=datetime(2026, 1, 1)):
    KahunaSetAttributesOperator(
        task_id="push", users=[{"username": "user0001", "plan": "gold"}], target=["username"], max_failed=0
    )
"""


def git(*arguments: str) -> str:
    """Run git; return what it printed."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def tracked(*paths: str) -> set[str]:
    """Return the files that git knows below some paths."""
    return set(git("ls-files", "-z", *paths).split("\0")) - {""}


def build() -> tuple[Path, Path]:
    """Build the wheel, from the sdist, and return both."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    run(sys.executable, "-m", "twine", "check", "--strict", *DIST.iterdir())
    run(sys.executable, "-m", "validate_pyproject", ROOT / "pyproject.toml")
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    return wheel, sdist


def run(*command: object) -> None:
    """Run a command; show what it printed only if it fails."""
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")


def check_contents(wheel: Path, sdist: Path) -> None:
    """Check that both hold what git knows of the package, and nothing else."""
    info = f"{PACKAGE}-{__version__}.dist-info"
    expected = tracked(PACKAGE) | {f"{info}/{name}" for name in METADATA}
    compare(wheel, expected, set(zipfile.ZipFile(wheel).namelist()))
    with tarfile.open(sdist) as archive:
        found = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    compare(sdist, tracked(PACKAGE, *BESIDE) | ADDED, found)


def compare(path: Path, expected: set[str], found: set[str]) -> None:
    """Stop if a distribution lacks a file, or has one too many."""
    if expected != found:
        sys.exit(f"{path.name} lacks {sorted(expected - found)} and should not have {sorted(found - expected)}")
    print(f"{path.name}: {len(found)} files, {path.stat().st_size / 1024:,.0f} KB")


def check_tag(tag: str) -> None:
    """Check that a tag names the version, that the changelog has it, dated, and that the tagged commit is built."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    if tag != f"v{__version__}":
        sys.exit(f"the tag is {tag}, and the version in {PACKAGE}/__init__.py is {__version__}")
    if not re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        sys.exit(f"CHANGELOG.md has no dated section for {__version__}")
    if re.search(r"^## \[Unreleased\]\n+(?!## )\S", changelog, re.MULTILINE):
        sys.exit(f"CHANGELOG.md has entries under Unreleased; they belong to {__version__}")
    if changed := git("status", "--porcelain"):
        sys.exit(f"what is built must be what is committed, and these files are not:\n{changed}")
    tagged = git("for-each-ref", "--format=%(objectname) %(*objectname)", f"refs/tags/{tag}").split()
    if tagged and git("rev-parse", "HEAD").strip() not in tagged:
        sys.exit(f"the tag {tag} is on another commit than the one that is built")


def environment(row: Row, wheel: Path) -> Path:
    """Make a clean environment with the wheel beside an Airflow; return its folder of programs."""
    folder = FOLDER / f"dist-{row.name}"
    uv("venv", "--clear", "--python", interpreter(row.python), folder)
    until = ["--exclude-newer", row.until] if row.until else []
    uv("pip", "install", "--python", folder / "bin" / "python", *until, f"{wheel}[sandbox]", row.requirement)
    uv("pip", "check", "--python", folder / "bin" / "python")
    return folder / "bin"


@contextmanager
def sandbox(programs: Path, home: Path) -> Iterator[str]:
    """Run the sandbox of an environment; give its URL."""
    command = [str(programs / "python"), "-m", f"{PACKAGE}.sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.communicate()


def check_installed(row: Row, wheel: Path) -> None:
    """Try the wheel beside an Airflow."""
    began = time.monotonic()
    programs = environment(row, wheel)
    with tempfile.TemporaryDirectory(prefix="userattrs-dist-") as folder:
        home = Path(folder)
        (home / "dags").mkdir()
        (home / "dags" / "push.py").write_text(DAG)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        variables = {
            **kept,
            "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "NO_PROXY": "127.0.0.1",
        }

        def airflow(*arguments: str) -> str:
            command = [str(programs / "airflow"), *arguments]
            done = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True)
            if done.returncode:
                sys.exit(
                    f"airflow {' '.join(arguments)} failed on {row.name}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
                )
            return done.stdout

        version = airflow("version").split()[-1]
        airflow("db", "migrate")
        listed = json.loads(airflow("providers", "list", "--output", "json"))
        assert {"package_name": NAME, "version": __version__}.items() <= next(
            provider for provider in listed if provider["package_name"] == NAME
        ).items()
        assert __version__ in airflow("providers", "get", NAME, "--output", "json")
        with sandbox(programs, home) as url:
            connection = {"conn_type": "kahuna", "host": f"{url}/kahuna", "login": "sandbox-secret-key"}
            variables["AIRFLOW_CONN_KAHUNA_DEFAULT"] = json.dumps({**connection, "password": "sandbox-api-key"})
            airflow("dags", "test", "push")
            with urllib.request.urlopen(f"{url}/_sandbox/users/kahuna/user0001") as answer:
                assert json.load(answer)["attributes"]["plan"] == "gold", "the push did not reach the sandbox"
    print(
        f"{wheel.name} beside Airflow {version} on Python {row.python}: airflow providers list and get, a DAG "
        f"({time.monotonic() - began:.0f} s)"
    )


def main() -> None:
    """Build, check and try."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="the tag that is to be released, such as v1.2.3")
    parser.add_argument("--skip-install", action="store_true", help="do not try the wheel")
    options = parser.parse_args()
    if options.tag:
        check_tag(options.tag)
    wheel, sdist = build()
    check_contents(wheel, sdist)
    if options.skip_install:
        return
    rows = {row.name: row for row in ROWS}
    newest = next(row for row in ROWS if row.airflow == "newest")
    for row in (rows[OLDEST], newest):
        try:
            check_installed(row, wheel)
        except Unavailable as missing:
            not_tried = f"not tried on {row.name}: {missing}"
            if options.tag:
                sys.exit(f"{not_tried}; a release is tried on each")
            print(not_tried)


if __name__ == "__main__":
    main()

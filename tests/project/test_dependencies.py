# SPDX-License-Identifier: Apache-2.0
"""What is imported is declared in pyproject.toml, and what is declared is imported."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import matrix
import pytest
from project.files import ROOT, files

if sys.version_info >= (3, 11):
    import tomllib
else:
    pytest.skip("tomllib: Python 3.11 and later", allow_module_level=True)

PACKAGE = "airflow_provider_userattrs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

#: The package imports them only where an author has them: databases' drivers, a format, lineage; the last is
#: what Airflow 2 alone makes its forms of.
OPTIONAL = {
    *("lz4", "mysqlclient", "psycopg", "psycopg2-binary", "pymysql"),
    *("apache-airflow-providers-openlineage", "flask-appbuilder"),
}
#: What comes with another that is declared, and is what that one is made of.
WITH_ANOTHER = {
    "starlette": "fastapi",
    "structlog": "apache-airflow",
    "wtforms": "apache-airflow",
    "openlineage-integration-common": "apache-airflow-providers-openlineage",
    "openlineage-python": "apache-airflow-providers-openlineage",
}
#: What another imports that does not declare it.
FOR_ANOTHER = {"aiohttp": "apache-airflow-providers-slack"}
#: Declared, and not imported: programs and their plugins, types, providers that Airflow itself loads.
NOT_IMPORTED = {
    *("build", "codespell", "detect-secrets", "import-linter", "mypy", "pre-commit", "ruff", "twine", "uv"),
    *("validate-pyproject", "zizmor", "pytest-cov", "pytest-xdist", "types-requests"),
    *("furo", "myst-parser", "sphinx"),
    *("apache-airflow-providers-celery", "apache-airflow-providers-mysql"),
    "apache-airflow-providers-sqlite",
    *("mysql-connector-python", "redis", "statsd"),
}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras: str, core: bool = False) -> set[str]:
    """Return the distributions that extras name, those of the extras they include too."""
    found = set()
    for requirement in [
        *(PROJECT["dependencies"] if core else ()),
        *(line for name in extras for line in EXTRAS[name]),
    ]:
        match = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", requirement)
        assert match, requirement
        if normalized(match[1]) == PROJECT["name"]:
            found |= declared(*match[2].split(","))
        else:
            found.add(normalized(match[1]))
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports, whenever it does, but not what only a type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from (name for other in node.orelse for name in imported(ast.Module([other], [])))
        else:
            if isinstance(node, ast.Call) and re.search(r"(import_module|importorskip)$", ast.unparse(node.func)):
                yield from (str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant))
            yield from imported(node)


def distributions(*folders: str) -> dict[str, set[Path]]:
    """Return distribution -> the modules in some folders that import it."""
    paths = [path for path in files() if path.suffix == ".py" and path.parts[0] in folders]
    ours = {PACKAGE, *(path.stem for path in paths), *(part for path in paths for part in path.parts)}
    owners = {"MySQLdb": ["mysqlclient"], **packages_distributions()}  # it needs a compiler, and may not be here
    found: dict[str, set[Path]] = {}
    for path in paths:
        for name in imported(ast.parse((ROOT / path).read_text())):
            top = name.partition(".")[0]
            if match := re.match(r"airflow\.providers\.(common\.\w+|[a-z]+)(?=\.)", name):
                found.setdefault(f"apache-airflow-providers-{match[1].replace('.', '-')}", set()).add(path)
            elif top == "airflow":
                found.setdefault("apache-airflow", set()).add(path)
            elif top not in sys.stdlib_module_names and top not in ours:
                for owner in owners.get(top, [top]):
                    if top != "backports" or owner.replace("-", ".").startswith(".".join(name.split(".")[:2])):
                        found.setdefault(normalized(owner), set()).add(path)
    return found


@pytest.fixture(scope="module")
def of_package() -> dict[str, set[Path]]:
    return distributions(PACKAGE)


@pytest.fixture(scope="module")
def of_tests() -> dict[str, set[Path]]:
    return distributions("tests", "docs", "demo", "example_dags")


USERS_EXTRAS = ("sql", "parquet", "zstd", "sandbox", "slack", "email")


def test_what_the_package_imports_is_declared(of_package: dict[str, set[Path]]) -> None:
    known = declared(*USERS_EXTRAS, core=True)
    known |= OPTIONAL | {name for name, owner in WITH_ANOTHER.items() if owner in known}
    assert {name: paths for name, paths in of_package.items() if name not in known} == {}


def test_what_is_declared_for_users_is_imported(of_package: dict[str, set[Path]]) -> None:
    assert declared(*USERS_EXTRAS, core=True) - set(of_package) == set(FOR_ANOTHER)


def test_what_tests_and_pages_import_is_declared(of_tests: dict[str, set[Path]]) -> None:
    known = declared("dev", "dev-mysql", core=True)
    known |= {name for name, owner in WITH_ANOTHER.items() if owner in known}
    assert {name: paths for name, paths in of_tests.items() if name not in known} == {}


def test_what_is_declared_for_development_is_imported_or_known_to_be_used(
    of_package: dict[str, set[Path]], of_tests: dict[str, set[Path]]
) -> None:
    assert declared("dev", "dev-mysql") - set(of_package) - set(of_tests) == NOT_IMPORTED | set(FOR_ANOTHER)


def test_what_is_known_not_to_be_declared_is_still_imported(
    of_package: dict[str, set[Path]], of_tests: dict[str, set[Path]]
) -> None:
    assert (OPTIONAL | set(WITH_ANOTHER)) - set(of_package) - set(of_tests) == set()


def test_a_checkout_names_the_python_that_it_needs(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    try:
        older = matrix.interpreter("3.10")
    except matrix.Unavailable as missing:
        pytest.skip(str(missing))
    done = subprocess.run(["make", ".venv/.ready", f"PYTHON={older}"], cwd=tmp_path, capture_output=True, text=True)
    assert "The versions in constraints.txt need Python 3.11 or later: make PYTHON=python3.11" in done.stderr
    assert done.returncode
    assert not (tmp_path / ".venv").exists()
    assert "In a checkout, with Python 3.11 or later" in (ROOT / "README.md").read_text()

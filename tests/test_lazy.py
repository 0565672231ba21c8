# SPDX-License-Identifier: Apache-2.0
"""Packages that import their names when they are asked for: the right ones, and nothing before."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path

import pytest
from airflow_names import DAG_FILE
from versions import has

import airflow_provider_userattrs

ROOT = Path(airflow_provider_userattrs.__file__).parent

#: Package -> its file, of each that has a table of names.
PACKAGES = {
    ".".join((ROOT.name, *file.parent.relative_to(ROOT).parts)): file
    for file in sorted(ROOT.rglob("__init__.py"))
    if "_MODULES = " in file.read_text()
}


def imported_for_types(file: Path) -> dict[str, str]:
    """Return the names that a type checker sees, each with its module."""
    block = next(node for node in ast.parse(file.read_text()).body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    return {
        alias.name: str(imported.module)
        for imported in block.body
        if isinstance(imported, ast.ImportFrom)
        for alias in imported.names
    }


def listed(file: Path) -> list[str]:
    """Return the names of a file's ``__all__``, of which an Airflow or an installation may lack some."""
    return next(
        (
            ast.literal_eval(node.value)
            for node in ast.parse(file.read_text()).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        ),
        [],
    )


def loaded_by(code: str) -> set[str]:
    """Return the modules that a DAG file of these lines loads beyond what Airflow has loaded itself."""
    code = f"{DAG_FILE}\nimport sys; before = set(sys.modules)\n{code}\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_there_are_such_packages() -> None:
    assert {ROOT.name, f"{ROOT.name}.hooks", f"{ROOT.name}.operators"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_listed_is_what_is_found_and_what_a_type_checker_sees(package: str) -> None:
    module = import_module(package)
    where = {name: resolve_name(relative, package) for name, relative in module._MODULES.items()}
    assert set(where) == set(listed(PACKAGES[package]) or where) - {"__version__"}, "a private package lists nothing"
    assert imported_for_types(PACKAGES[package]) == where


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_is_its_module_s(package: str) -> None:
    module = import_module(package)
    for name, where in module._MODULES.items():
        if name == "VendorRetryPolicy" and not has("retry policy"):
            continue
        assert getattr(module, name) is getattr(import_module(where, package), name)
        assert vars(module)[name] is getattr(module, name), "found once, it is kept"


def test_a_name_that_needs_a_newer_airflow_does_not_break_import_star() -> None:
    code = """
import sys
sys.modules["airflow.sdk.definitions.retry_policy"] = None  # as before Airflow 3.3
from airflow_provider_userattrs.operators import *
from airflow_provider_userattrs import operators
assert set(operators._MODULES) - set(globals()) == {"VendorRetryPolicy"}, sorted(globals())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_there_is_comes_with_import_star(package: str) -> None:
    names: dict[str, object] = {}
    exec(f"from {package} import *", names)
    lacking = set() if has("retry policy") else {"VendorRetryPolicy"}
    assert set(listed(PACKAGES[package])) - set(names) <= lacking


@pytest.mark.parametrize("package", PACKAGES)
def test_another_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=rf"module '{package}' has no attribute 'Nope'"):
        _ = import_module(package).Nope
    with pytest.raises(ImportError, match="cannot import name 'Nope'"):
        exec(f"from {package} import Nope", {})


def test_a_dag_file_imports_what_it_names() -> None:
    package = f"{ROOT.name}.operators"
    short = loaded_by(f"from {package} import KahunaSetAttributesOperator")
    long = loaded_by(f"from {package}.kahuna import KahunaSetAttributesOperator")
    assert short - long <= {f"{ROOT.name}._lazy"}
    assert not any("engagelab" in name or "moengage" in name for name in short)


def test_airflow_loads_only_the_packages_metadata_at_start() -> None:
    code = (
        "import sys, airflow; print(*(name for name in sys.modules if name.startswith('airflow_provider_userattrs')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {ROOT.name, f"{ROOT.name}.get_provider_info"}


def test_one_name_of_the_package_loads_no_other() -> None:
    loaded = loaded_by(f"from {ROOT.name} import Constant")
    ours = {name.removeprefix(f"{ROOT.name}.") for name in loaded if name.startswith(f"{ROOT.name}.")}
    assert ours == {"_lazy", "columns"}

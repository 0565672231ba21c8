# SPDX-License-Identifier: Apache-2.0
"""A test file says by its path which module it is about, and each module of the engine has one."""

from __future__ import annotations

import re
from pathlib import Path

import airflow_provider_userattrs

TESTS = Path(__file__).parents[1]
PACKAGE = Path(airflow_provider_userattrs.__file__).parent

#: What is about more than one module.
ACROSS = {"canaries", "chaos", "contract", "docs", "first_hour", "fuzz", "integration", "project", "system", "ui"}


def is_about(test: Path, module: Path) -> bool:
    """Return whether a test file is named after a module or a folder of modules, and perhaps a subject of it."""
    name, subject = module.stem.lstrip("_"), test.stem.removeprefix("test_")
    return subject == name or subject.startswith(f"{name}_")


def test_a_test_file_is_named_after_what_it_is_about() -> None:
    """`test_<module>.py` or `test_<module>_<subject>.py`, in the module's folder of tests."""
    misnamed = []
    for test in sorted(TESTS.rglob("test_*.py")):
        folder = test.parent.relative_to(TESTS)
        # In a folder of folders it may also be about each folder's module of that name.
        modules = [path for pattern in ("*", "*/*.py") for path in (PACKAGE / folder).glob(pattern)]
        if not ACROSS.intersection(folder.parts) and not any(is_about(test, module) for module in modules):
            misnamed.append(str(folder / test.name))
    assert misnamed == []


def test_each_module_of_the_engine_has_a_test_file() -> None:
    untested = []
    for module in sorted((PACKAGE / "push").rglob("[!_]*.py")):
        folder = module.parent.relative_to(PACKAGE)
        if not any(is_about(test, module) for test in (TESTS / folder).glob("test_*.py")):
            untested.append(str(folder / module.name))
    assert untested == []


def test_tests_import_what_moves_in_airflow_from_one_place() -> None:
    """They run beside a compatibility provider too that has no `sdk` yet."""
    places = r"providers\.common\.compat\.sdk|decorators|datasets"
    imports = re.compile(rf"^ *from airflow\.(?:{places}) import", re.MULTILINE)
    themselves = [file.name for file in sorted(TESTS.rglob("*.py")) if imports.search(file.read_text())]
    assert themselves == ["airflow_names.py"], "the others import these names from it"

# SPDX-License-Identifier: Apache-2.0
"""What is a vendor's own stands in the vendor's own modules: a further vendor changes no other, but for a few lists."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import airflow_provider_userattrs
from airflow_provider_userattrs.get_provider_info import VENDORS

ROOT = Path(airflow_provider_userattrs.__file__).parent
NAMES = [vendor.name for vendor in VENDORS]

#: Where a vendor has a line, and nothing is decided by it.
LISTS = {"get_provider_info.py", "hooks/__init__.py", "operators/__init__.py", "sandbox/vendors.py"}


def is_a_vendors_own(path: Path) -> bool:
    """Return whether a module is one of a vendor's: ``vendors/<vendor>/``, ``operators/<vendor>.py`` and the like."""
    parts = path.with_suffix("").parts
    return len(parts) > 1 and parts[1] in NAMES


MODULES = [
    str(path)
    for path in sorted(file.relative_to(ROOT) for file in ROOT.rglob("*.py"))
    if str(path) not in LISTS and not is_a_vendors_own(path)
]


def without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0] = ast.Pass()
    return tree


def words(tree: ast.AST) -> Iterator[str]:
    """Give what is written in code: texts, and the names of all that has one."""
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, (str, bytes)):
                    yield str(each)


@pytest.mark.parametrize("module", MODULES)
def test_only_a_vendors_own_modules_name_it(module: str) -> None:
    tree = without_docstrings(ast.parse((ROOT / module).read_text()))
    assert [word for word in words(tree) if any(name in word.lower() for name in NAMES)] == []


@pytest.mark.parametrize("place", sorted(LISTS))
def test_a_list_only_lists(place: str) -> None:
    """It names each vendor, and no condition in it names one."""
    tree = ast.parse((ROOT / place).read_text())
    code = ast.unparse(without_docstrings(tree)).lower()
    assert all(name in code for name in NAMES)
    conditions = [node.test for node in ast.walk(tree) if isinstance(node, (ast.If, ast.IfExp, ast.While))]
    assert not any(name in word.lower() for test in conditions for word in words(test) for name in NAMES)


@pytest.mark.parametrize("vendor", NAMES)
def test_a_vendor_has_the_modules_that_are_looked_for(vendor: str) -> None:
    for module in (f"vendors/{vendor}/api.py", f"sandbox/{vendor}/vendor.py", f"hooks/{vendor}.py"):
        assert (ROOT / module).is_file()
    assert (ROOT / f"operators/{vendor}.py").is_file()

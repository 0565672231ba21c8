# SPDX-License-Identifier: Apache-2.0
"""The pages in docs/ build without a warning, and leave out nothing of what they are made from."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from generated import pages, verdicts
from generated.markup import plain
from pages import section
from project.test_public_surface import FILE

import airflow_provider_userattrs
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

ROOT = Path(__file__).parents[2]
PACKAGE = Path(airflow_provider_userattrs.__file__).parent


@pytest.mark.skipif(find_spec("sphinx") is None, reason="needs the extra docs")
def test_they_build_without_a_warning(tmp_path: Path) -> None:
    build = f"-m sphinx -b html -W --keep-going -q -d {tmp_path / 'doctrees'} {ROOT / 'docs'} {tmp_path / 'html'}"
    done = subprocess.run([sys.executable, *build.split()], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    llms = (tmp_path / "html" / "llms.txt").read_text()
    listed = set(re.findall(rf"\({pages.HOME}(\S+)\)", llms))
    assert listed == {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert re.findall(r"\.md\)$", llms, re.MULTILINE) == [], "a page that does not begin with a sentence"
    for page in listed:
        text = (tmp_path / "html" / page).read_text()
        assert text.startswith("# ")
        assert not re.search(r"^```\{", text, re.MULTILINE), f"{page} has something that only Sphinx reads"
    assert ":param max_failed: what share of the rows" in (tmp_path / "html" / "reference.md").read_text()


@pytest.mark.parametrize("language", ["python", "json"])
def test_each_block_can_be_read(language: str) -> None:
    """What a reader copies is whole."""
    read: Callable[[str], Any] = ast.parse if language == "python" else json.loads
    count = 0
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        fences = rf"^( *)```{language}\n(.*?)^\1```$"
        for _, code in re.findall(fences, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            count += 1
            try:
                read(textwrap.dedent(code))
            except (SyntaxError, ValueError) as error:
                pytest.fail(f"{page.relative_to(ROOT)}: {error} in\n{code}")
    assert count > {"python": 25, "json": 1}[language]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs tomllib")
def test_every_extra_is_listed() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"`([\w-]+)`", section("docs/install.md", "Extras"))
    assert set(project["optional-dependencies"]) <= set(named)
    for_users = re.findall(r"^\| `(\w+)` \|", section("docs/install.md", "Extras"), re.MULTILINE)
    assert for_users == ["sql", "parquet", "zstd", "slack", "email", "sandbox"]


# Verdicts


def declared_in_code() -> Iterator[tuple[str, str]]:
    """Yield module and line of each place where a verdict is written, at the module's top or in a function."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for top in tree.body:
            for node in ast.walk(top):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Verdict":
                    yield module, "" if isinstance(top, (ast.Assign, ast.AnnAssign)) else getattr(top, "name", "?")


def test_each_module_with_verdicts_has_a_section() -> None:
    shown = [module for modules in verdicts.VERDICTS.values() for module in modules]
    written = {module for module, _ in declared_in_code()} - {"push.model.verdict"}  # what is accepted has no reason
    assert sorted(shown) == sorted(written)


def test_what_a_function_says_of_a_row_is_shown_by_a_sample() -> None:
    functions = {module for module, function in declared_in_code() if function}
    assert functions <= set(verdicts.made())


def test_the_page_has_every_verdict() -> None:
    page = (ROOT / "docs" / "verdicts.md").read_text()
    assert re.findall(r"^```\{generated\} verdicts (\S+)\n```$", page, re.MULTILINE) == list(verdicts.VERDICTS)
    shown = pages.fill(page)
    for module, _ in declared_in_code():
        for value in vars(import_module(f"{PACKAGE.name}.{module}")).values():
            for verdict in value.values() if isinstance(value, dict) else [value]:
                if isinstance(verdict, Verdict) and verdict.status is not Status.ACCEPTED:
                    assert f"| {plain(verdict.meaning)} | {plain(verdict.remedy)} |" in shown


# Reference

#: What Airflow itself calls.
FOR_AIRFLOW = {
    "get_provider_info.get_provider_info",
    "assets.sanitize_uri",
    "assets.convert_asset_to_openlineage",
}


def test_the_reference_has_all_that_is_public() -> None:
    page = (ROOT / "docs" / "reference.md").read_text()
    listed = set(re.findall(r"^\.\. auto\w+:: airflow_provider_userattrs\.(\S+)$", page, re.MULTILINE))
    public = set()
    for block in FILE.read_text().split("\n\n"):
        module, *lines = block.splitlines()
        for line in lines:
            found = re.match(r"    (?:class|function|typed dict) (\w+)", line)
            if found and module.startswith("airflow_provider_userattrs."):
                public.add(f"{module.removeprefix('airflow_provider_userattrs.')}.{found[1]}")
    public -= FOR_AIRFLOW
    types = {name for name in public if name.startswith("report.")}
    assert listed == (public - types) | {"operators.base.UserPushOperator", "hooks.base.VendorHook"}
    assert types == {f"report.{name}" for name in re.findall(r"`(\w+)`", page) if f"report.{name}" in types}

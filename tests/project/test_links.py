# SPDX-License-Identifier: Apache-2.0
"""Links, pictures and paths in pages lead to what is there; the README's do so on the package index too."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from project.files import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md"]
#: Where the project's files are found on the web: a page, and the file itself.
HOME = "https://github.com/airflow-provider-userattrs/airflow-provider-userattrs"
#: The same as pages of their own, where docs/ is built.
PAGES_ON_THE_WEB = "https://airflow-provider-userattrs.readthedocs.io/en/latest/"
ON_THE_WEB = (f"{HOME}/blob/main/", f"{HOME.replace('github.com', 'raw.githubusercontent.com')}/main/")

#: Files and folders of the project as prose names them, a path of the package without the package's name.
PATH = re.compile(r"(?:airflow_provider_userattrs|[a-z_]+)/[\w./*<>-]*|[A-Z]+\.md|[a-z_]+\.py")
PACKAGE = "airflow_provider_userattrs"


def tokens(page: Path) -> Iterator[Token]:
    """Yield the tokens of a page, those within lines too."""
    for token in MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text()):
        yield token
        yield from token.children or ()


def targets(page: Path) -> list[str]:
    """Return where a page's links and pictures lead."""
    found = [token.attrGet("href") or token.attrGet("src") for token in tokens(page)]
    return [str(target) for target in found if target]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    lines = list(tokens(page))
    headings = [after.content for token, after in pairwise(lines) if token.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def in_the_project(target: str) -> str:
    """Return where a link to one of the project's own places on the web leads in the checkout."""
    if target.startswith(PAGES_ON_THE_WEB):
        page, mark, anchor = target.removeprefix(PAGES_ON_THE_WEB).partition("#")
        return f"{ROOT}/docs/{page.replace('.html', '.md') or 'index.md'}{mark}{anchor}"
    for url in ON_THE_WEB:
        target = target.replace(url, f"{ROOT}/")
    return target


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in targets(page):
        target = in_the_project(target)
        if re.match(r"https?:", target):
            assert not target.startswith((HOME, ON_THE_WEB[1])), f"{target} is not on the default branch"
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page.parent / path).resolve() if path else ROOT / page
        assert there.exists(), f"{page} links to {target}"
        assert not anchor or anchor in anchors(there.relative_to(ROOT)), f"{page} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_files_that_are_named_are_there(page: Path) -> None:
    named = [token.content for token in tokens(page) if token.type == "code_inline"]
    lost = []
    for name in named:
        if PATH.fullmatch(name) and (name.partition("/")[0] in TOP or name.endswith((".md", ".py"))):
            pattern = re.sub(r"<\w+>", "*", name).rstrip("/")
            if not any(any(ROOT.glob(f"{start}{pattern}")) for start in ("", f"{PACKAGE}/", f"{page.parent}/")):
                lost.append(name)
    assert lost == []


#: The folders by which a path is told from other words with a slash.
TOP = {path.name for folder in (ROOT, ROOT / PACKAGE) for path in folder.iterdir() if path.is_dir()}


def test_the_readme_s_links_and_pictures_hold_on_the_package_index() -> None:
    assert [target for target in targets(Path("README.md")) if not re.match(r"https?:|#", target)] == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs tomllib")
def test_the_package_index_gets_the_projects_urls() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["readme"] == "README.md"
    assert project["urls"].keys() >= {"Documentation", "Source", "Changelog", "Issues"}
    assert project["urls"]["Documentation"] == PAGES_ON_THE_WEB
    for url in {**project["urls"], "Documentation": HOME}.values():
        assert url.startswith(HOME)
        if url.startswith(ON_THE_WEB[0]):
            assert (ROOT / url.removeprefix(ON_THE_WEB[0])).exists()

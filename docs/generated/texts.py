# SPDX-License-Identifier: Apache-2.0
"""Writes the pages as plain Markdown, without what only Sphinx reads, and lists them for language models."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

from generated.pages import HOME, ROOT, fill

_DOCSTRINGS = re.compile(r"^```\{eval-rst\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r"^```\{literalinclude\} (\S+)\n((?::.*\n)*)```$", re.MULTILINE)
_NAMED = re.compile(r"^\.\. auto\w+:: (\S+)$", re.MULTILINE)
_TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write_texts(pages: Path, folder: Path) -> None:
    """Write each page as plain Markdown, and ``llms.txt``, which lists them (https://llmstxt.org).

    :param pages: the folder of the pages.
    :param folder: where to write.
    """
    listed = []
    for page in order(pages):
        text = _plain(page, fill(page.read_text(encoding="utf-8")))
        name = str(page.relative_to(pages))
        written = folder / name
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(text, encoding="utf-8")
        listed.append(f"- [{title(text)}]({HOME}{name}){first_sentence(text)}")
    name, paragraph, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n", 2)
    summary = re.sub(r"\s+", " ", paragraph)
    (folder / "llms.txt").write_text(
        "\n".join([name, "", f"> {summary}", "", "## Pages", "", *listed, ""]), encoding="utf-8"
    )


def order(pages: Path) -> Iterator[Path]:
    """Yield the pages in the order of the tables of contents, the first page first."""

    def walk(page: Path) -> Iterator[Path]:
        yield page
        for block in _TOCTREE.findall(page.read_text(encoding="utf-8")):
            for line in block.splitlines():
                if line and not line.startswith(":"):
                    yield from walk(page.parent / f"{line}.md")

    return walk(pages / "index.md")


def title(text: str) -> str:
    """Return a page's title."""
    return text.partition("\n")[0].lstrip("# ")


def first_sentence(text: str) -> str:
    """Return the first sentence of a page that begins with one, as ``llms.txt`` has it; else nothing."""
    paragraph = " ".join(text.split("\n\n")[1].split())
    sentence = re.match(r"[A-Z`].*?[.:](?= |$)", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", paragraph))
    return f": {sentence[0].rstrip('.:')}" if sentence else ""


def _plain(page: Path, text: str) -> str:
    """Return a page without what only Sphinx reads."""

    def included(block: re.Match[str]) -> str:
        options = dict(re.findall(r"^:([\w-]+): \"?(.*?)\"?$", block[2], re.MULTILINE))
        lines = (page.parent / block[1]).read_text(encoding="utf-8").splitlines()
        start = next((n for n, line in enumerate(lines) if options.get("start-at", "") in line), 0)
        end = next((n for n, line in enumerate(lines) if n > start and options.get("end-before", "\n") in line), None)
        code = "\n".join(line[int(options.get("dedent", 0)) :] for line in lines[start:end])
        return f"```python\n{code}\n```"

    text = _INCLUDE.sub(included, _TOCTREE.sub("", text))
    return _DOCSTRINGS.sub(lambda block: "\n\n".join(map(_documented, _NAMED.findall(block[1]))), text)


def _documented(name: str) -> str:
    """Return how something is called, and its docstring."""
    thing = resolve_name(name)
    try:
        called = str(inspect.signature(thing))
    except (TypeError, ValueError):  # a module, or an exception
        called = ""
    return f"`{name}{called}`\n\n```text\n{inspect.getdoc(thing)}\n```"

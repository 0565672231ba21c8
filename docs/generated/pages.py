# SPDX-License-Identifier: Apache-2.0
"""Fills in the pages, and writes them as plain text.

In a page,

    ```{generated} verdicts kahuna
    ```

becomes what the function of that name returns for that argument, as Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from generated import connections, messages, values, verdicts

ROOT = Path(__file__).parents[2]
HOME = "https://airflow-provider-userattrs.readthedocs.io/en/latest/"

_FENCE = re.compile(r"^```\{generated\} (\S+)(?: (.+))?\n```$", re.MULTILINE)
_TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r"^```\{literalinclude\} (\S+)\n((?::.*\n)*)```$", re.MULTILINE)


def fill(text: str) -> str:
    """Return a page with everything filled in.

    :param text: the page.
    """
    return _FENCE.sub(lambda fence: GENERATED[fence[1]](fence[2] or ""), text)


def readme(heading: str) -> str:
    """Return a section of the README, its links leading to these pages."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no {heading!r}"
    section = found[1].strip()
    for label, target in re.findall(r"^\[([\w-]+)\]: (\S+)$", text, re.MULTILINE):
        if target.startswith(HOME):
            target = f"/{target.removeprefix(HOME)}".replace(".html", ".md")
        section = section.replace(f"[{label}]", f"({target})")
    return section


def readme_table(heading: str) -> str:
    """Return the table of a section of the README."""
    return "\n".join(line for line in readme(heading).splitlines() if line.startswith("|"))


def introduction(_: str) -> str:
    """Return what the README begins with."""
    return (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n")[1]


def changelog(_: str) -> str:
    """Return the changelog, without its title."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.partition("\n")[2].strip().replace("](docs/", "](/")


#: What may stand in a page.
GENERATED: dict[str, Callable[[str], str]] = {
    "introduction": introduction,
    "readme": readme,
    "readme-table": readme_table,
    "changelog": changelog,
    "verdicts": verdicts.verdict_table,
    "connection": connections.connection_fields,
    "names": values.names,
    "values": values.value_table,
    "messages": messages.message_list,
}


# Pages as plain text


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
    sentence = re.match(r"[A-Z].*?[.:](?= |$)", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", paragraph))
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

    text = re.sub(r"^```\{(?:toctree|eval-rst)\}\n.*?^```\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return _INCLUDE.sub(included, text)

# SPDX-License-Identifier: Apache-2.0
"""Fills in the pages.

In a page,

    ```{generated} verdicts kahuna
    ```

becomes what the function of that name returns for that argument, as Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from generated import connections, messages, values, verdicts

ROOT = Path(__file__).parents[2]
HOME = "https://airflow-provider-userattrs.readthedocs.io/en/latest/"

_FENCE = re.compile(r"^```\{generated\} (\S+)(?: (.+))?\n```$", re.MULTILINE)


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

# SPDX-License-Identifier: Apache-2.0
"""The code of README and of the pages in docs/, for tests that run it as it stands there."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Block(NamedTuple):
    """One fenced block."""

    language: str
    text: str


def section(page: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its rank or a higher one.

    :param page: the page's path from the project's root.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    # What looks like a heading within a fence is a comment of a shell's.
    hidden = re.sub(r"^```.*?^```$", lambda fence: fence[0].replace("#", "\0"), text, flags=re.MULTILINE | re.DOTALL)
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,2}} |\Z)", hidden, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no {heading!r}"
    return found[2].replace("\0", "#")


def blocks(page: str, heading: str, language: str | None = None) -> list[Block]:
    """Return the fenced blocks under a heading, all of them or those in one language."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", section(page, heading), re.MULTILINE | re.DOTALL)
    return [Block(*fence) for fence in fences if language in (None, fence[0])]


def parsed(folder: Path) -> Any:
    """Parse a folder of DAGs as Airflow does."""
    module = "airflow.dag_processing.dagbag" if find_spec("airflow.dag_processing.dagbag") else "airflow.models.dagbag"
    bag = import_module(module).DagBag(dag_folder=str(folder))
    assert bag.import_errors == {}
    return bag

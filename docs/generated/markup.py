# SPDX-License-Identifier: Apache-2.0
"""Tables and texts as Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    texts = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([texts[0], "|---" * len(lines[0]) + "|", *texts[1:]])


def plain(text: str) -> str:
    """Return a sentence of the code so that Markdown shows it as it is."""
    for mark in "\\`*<":
        text = text.replace(mark, f"\\{mark}")
    return text

# SPDX-License-Identifier: Apache-2.0
"""docs/troubleshooting.md: each message that it explains is one of the code's, and none of the code's is left out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from generated import messages
from pages import section

PAGE = "docs/troubleshooting.md"
EXPLAINED = re.findall(r"^### (.+)$", section(PAGE, "Messages and their causes"), re.MULTILINE)

#: Messages of Airflow itself.
AIRFLOWS = {"The conn_id ... isn't defined", "Cannot serialize object of type ..."}

#: Where errors are verdicts, or answers of the sandbox, or of no concern to anybody but whoever works on the package.
ELSEWHERE = (
    "vendors",
    "sandbox",
    "plugins",
    "push/mapping",
    "push/rejects",
    "push/model",
    "push/resume",
    "push/push.py",
)


@cache
def written() -> tuple[str, ...]:
    """Return every text of the package."""
    return tuple(text for path in sorted(messages.PACKAGE.rglob("*.py")) for text in messages.written(path))


@pytest.mark.parametrize("message", EXPLAINED)
def test_what_is_explained_is_a_message_of_the_code(message: str) -> None:
    if message in AIRFLOWS:
        return
    pieces = [re.escape(piece) for piece in message.split(messages.GAP)]
    assert any(re.search(".*?".join(pieces), text, re.DOTALL) for text in written()), message


def test_what_is_explained_is_more_than_gaps() -> None:
    assert len(EXPLAINED) > 15
    assert [message for message in EXPLAINED if len(message.replace(messages.GAP, "")) < 15] == []


def test_every_error_has_a_section() -> None:
    files = {
        file
        for paths in messages.SECTIONS.values()
        for name in paths
        for path in [messages.PACKAGE / name]
        for file in (path.rglob("*.py") if path.is_dir() else [path])
    }
    for file in sorted(messages.PACKAGE.rglob("*.py")):
        name = file.relative_to(messages.PACKAGE).as_posix()
        said = [text for text in messages.raised(file) if text.replace(messages.GAP, "").strip()]
        assert file in files or not said or name.startswith(ELSEWHERE), f"{name} says {said}"


def test_the_sections_are_on_the_page() -> None:
    text = (Path(__file__).parents[2] / PAGE).read_text()
    assert sorted(re.findall(r"^```\{generated\} messages (\w+)$", text, re.MULTILINE)) == sorted(messages.SECTIONS)
    assert all(len(messages.messages(name)) for name in messages.SECTIONS)

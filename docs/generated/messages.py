# SPDX-License-Identifier: Apache-2.0
"""Every message with which a push can fail, as it is written in the code; `...` stands for what differs each time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import airflow_provider_userattrs

PACKAGE = Path(airflow_provider_userattrs.__file__).parent

#: What differs each time.
GAP = "..."

#: Characters of a message, without gaps; a shorter one is a piece of another.
_SHORTEST = 14

#: Functions that raise with one of their arguments as the message -> (its number, what stands before it).
_REFUSING = {
    "_refuse": (0, ""),
    "_refuse_if": (0, ""),
    "refuse": (2, f"{GAP} is {GAP}; "),
    "refuse_argument": (2, f"{GAP} is {GAP}; "),
}

#: Exceptions that reach a person.
_ERRORS = {
    "AirflowFailException",
    "DuplicateUsers",
    "ImportError",
    "MissingFile",
    "NoResponse",
    "NoRows",
    "NoneFit",
    "NotSent",
    "RefusedConfiguration",
    "RetryLater",
    "TooManyFailed",
    "TypeError",
    "UnexpectedRows",
    "ValueError",
    "WrongParameter",
}

#: Section of the page -> folders and files whose messages it has.
SECTIONS = {
    "connection": ["hooks/settings.py", "hooks/moengage.py", "hooks/transport.py", "hooks/connection.py"],
    "hooks": ["hooks/base.py", "hooks/engagelab.py", "hooks/kahuna.py", "hooks/shapes.py", "hooks/masking.py"],
    "parameters": [
        "operators",
        "sources/arguments.py",
        "sources/templates.py",
        "push/model/shard.py",
        "assets.py",
        "changes.py",
        "columns.py",
        "testing.py",
        "push_log.py",
        "push/mapping/phones.py",
    ],
    "database": ["sources/sql.py", "sources/database", "push/model/keys.py"],
    "files": [
        "sources/files.py",
        "sources/paths.py",
        "sources/storage",
        "sources/column_types.py",
        "sources/formats.py",
    ],
    "passing": ["sources/handover.py", "sources/shards.py", "sources/packages.py"],
    "rejects": ["sources/rejects.py", "task/rejects_writer.py", "sources/rejects_names.py"],
    "push": [
        "task",
        "push/report",
        "push/resume/checkpointer.py",
        "push/delivery",
        "push/first_rows.py",
        "push/duplicates.py",
        "push/changes",
        "notifications",
    ],
}


def messages(section: str) -> list[str]:
    """Return the messages of a section, each once, in the order of the alphabet."""
    paths = [PACKAGE / name for name in SECTIONS[section]]
    named = {
        PACKAGE / name for names in SECTIONS.values() for name in names
    }  # a file of a folder may have another section
    files = [file for path in paths for file in (sorted({*path.rglob("*.py")} - named) if path.is_dir() else [path])]
    found = {text for file in files for text in raised(file) if len(text.replace(GAP, "")) > _SHORTEST}
    return sorted(found, key=lambda text: text.lstrip(". ").lower())


def message_list(section: str) -> str:
    """Return the messages of a section, as a list."""
    return "\n".join(f"- {_escaped(text)}" for text in messages(section))


def raised(file: Path) -> Iterator[str]:
    """Yield the messages of the errors that a file makes."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        number, before = (0, "") if name in _ERRORS else _REFUSING.get(name, (len(node.args), ""))
        if len(node.args) > number:
            yield from (f"{before}{text}" for text in texts(node.args[number]))


def written(file: Path) -> Iterator[str]:
    """Yield every text that a file writes, whatever it is for."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            yield from texts(node)


def texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
        yield re.sub(rf"(?:{re.escape(GAP)})+", GAP, "".join(map(str, parts)))
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def _escaped(text: str) -> str:
    for mark in "\\`*<_":
        text = text.replace(mark, f"\\{mark}")
    return text

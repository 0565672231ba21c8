# SPDX-License-Identifier: Apache-2.0
"""The files of the project, in a checkout and in a folder without git alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Folders that begin with a dot are made by tools, but for these.
DOTTED = {".ci", ".github"}
MADE = {"__pycache__", "build", "dist"}


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Yield every file that somebody wrote, from the root on."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in (".coverage", ".git"):
            yield path.relative_to(ROOT)
        elif path.is_dir() and path.name not in MADE and (path.name[0] != "." or path.name in DOTTED):
            yield from files(path)

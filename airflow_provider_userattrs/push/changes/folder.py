# SPDX-License-Identifier: Apache-2.0
"""The folder with the files of what a vendor is known to hold, and what their names say.

``<name>.<run>.known`` is a snapshot, and ``<name>.<run>.00000001.part`` the first part of a run's journal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from typing import IO, NamedTuple, Protocol

_ENDING = re.compile(r"\.(?P<run>[0-9a-f]{32})\.(?:known|(?P<number>\d{8})\.part)")


class Folder(Protocol):
    """Stores files by their names."""

    def names(self) -> Iterable[str]:
        """Return the names of the files."""

    def read(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file."""

    def write(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a new file; it is there once it is closed without an error, and whole."""

    def delete(self, name: str) -> None:
        """Delete a file, if it is there."""


class File(NamedTuple):
    """Name a file.

    :param name: its name.
    :param run: the run that wrote it, as 32 hexadecimal digits.
    :param number: of a part of a journal, its number, from 1; None for a snapshot.
    """

    name: str
    run: str
    number: int | None

    @classmethod
    def snapshot(cls, name: str, run: str) -> File:
        """Return a snapshot; its name begins as all of a task's do."""
        return cls(f"{name}.{run}.known", run, None)

    @classmethod
    def part(cls, name: str, run: str, number: int) -> File:
        """Return a part of a run's journal."""
        return cls(f"{name}.{run}.{number:08}.part", run, number)

    @property
    def is_snapshot(self) -> bool:
        """Return whether this is a snapshot, and no part of a journal."""
        return self.number is None


def list_files(folder: Folder, name: str) -> list[File]:
    """Return a task's files, or a shard's, in the order of their names.

    :param folder: where they are.
    :param name: what their names begin with.
    """
    files = []
    for found in sorted(folder.names()):
        if found.startswith(name) and (ending := _ENDING.fullmatch(found, len(name))):
            number = ending["number"]
            files.append(File(found, ending["run"], None if number is None else int(number)))
    return files


def delete_files(folder: Folder, names: Collection[str]) -> None:
    """Delete the files of other tasks or shards.

    :param folder: where they are.
    :param names: what their names begin with.
    """
    for found in [*folder.names()]:
        ending = _ENDING.search(found)
        if ending and ending.end() == len(found) and found[: ending.start()] in names:
            folder.delete(found)


def numbers_by_run(files: Iterable[File]) -> dict[str, list[int]]:
    """Return the numbers of the parts of each run's journal."""
    runs: dict[str, list[int]] = {}
    for file in files:
        if file.number is not None:
            runs.setdefault(file.run, []).append(file.number)
    return runs

# SPDX-License-Identifier: Apache-2.0
"""Files of what is known, in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from airflow_provider_userattrs.push.changes import comparison, journal
from airflow_provider_userattrs.push.changes.known_files import KnownFiles


class MemoryFolder:
    """Stores files as bytes; a file appears when it is whole."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        #: How many files may still be written; None for any number.
        self.writes_left: int | None = None

    def names(self) -> list[str]:
        return list(self.files)

    @contextmanager
    def read(self, name: str) -> Iterator[IO[bytes]]:
        yield io.BytesIO(self.files[name])

    @contextmanager
    def write(self, name: str) -> Iterator[IO[bytes]]:
        if self.writes_left is not None:
            if not self.writes_left:
                raise OSError("the storage is away")
            self.writes_left -= 1
        file = io.BytesIO()
        yield file
        self.files[name] = file.getvalue()

    def delete(self, name: str) -> None:
        self.files.pop(name, None)

    def damage(self, at: int, is_lost: bool) -> None:
        """Cut one of the files short, or lose it."""
        names = sorted(self.files)
        # Of the last part of a journal nobody knows that it was there.
        names = [name for name in names if not is_lost or name.endswith(".known")]
        if names:
            name = names[at % len(names)]
            content = self.files.pop(name)
            if not is_lost:
                self.files[name] = content[: len(content) * at // 10]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the journal every few rows."""
    monkeypatch.setattr(comparison, "_MAX_CHANGED", 2)
    monkeypatch.setattr(comparison, "_MAX_ROWS", 3)
    monkeypatch.setattr(journal, "_EVERY", 1.0)


@pytest.fixture
def folder() -> MemoryFolder:
    return MemoryFolder()


@pytest.fixture
def known_files(folder: MemoryFolder) -> Callable[..., KnownFiles]:
    """Return the files of one run; keyword arguments change the fingerprint."""
    return lambda **fingerprint: KnownFiles(folder, "dag~push", {"the mapping": "1", **fingerprint})

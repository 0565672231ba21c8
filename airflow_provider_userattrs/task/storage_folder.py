# SPDX-License-Identifier: Apache-2.0
"""A folder on object storage, or on a local disk, in which files appear whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import IO, Any
from urllib.parse import quote

from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.sources.storage.private_files import create_private
from airflow_provider_userattrs.sources.storage.resolved_paths import storage_path

#: Bytes of a file's name, without its suffix; most file systems take 255, and ids may have 250 characters each.
_MAX_NAME_LENGTH = 200


def file_name(*ids: str) -> str:
    """Return a file's name, without its suffix, that some ids have for themselves.

    :param ids: a DAG's, a task's and what else it is told by; they may hold any character.
    """
    name = "~".join(quote(each, safe="") for each in ids)
    return name if len(name) <= _MAX_NAME_LENGTH else f"{name[:100]}~{digest([name])}"


class StorageFolder:
    """Stores files by their names.

    :param path: the folder, on any storage that ObjectStoragePath knows; it is made with the first file.
    :raises RefusedConfiguration: if its storage is unknown.
    """

    def __init__(self, path: str) -> None:
        self._path: Any = storage_path(path)
        self._is_local = self._path.protocol in ("", "file")

    def names(self) -> list[str]:
        """Return the names of the files."""
        if self._is_local:  # not iterdir(): it looks at each file, and other tasks' may be deleted meanwhile
            with suppress(FileNotFoundError):
                return os.listdir(self._path.path)
            return []
        return [child.name for child in self._path.iterdir()] if self._path.exists() else []

    def read(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file."""
        opened: AbstractContextManager[IO[bytes]] = (self._path / name).open("rb")
        return opened

    @contextmanager
    def write(self, name: str) -> Iterator[IO[bytes]]:
        """Open a new file; it is there once it is closed without an error, and whole."""
        if not self._path.exists():
            self._path.mkdir(parents=True, exist_ok=True)
        if self._is_local:
            half = f"{self._path.path}/{name}.new"
            with create_private(half, "wb") as file:
                yield file
            os.replace(half, half.removesuffix(".new"))
            return
        with tempfile.TemporaryFile(prefix="userattrs-") as whole:
            yield whole
            whole.seek(0)
            with (self._path / name).open("wb") as file:
                shutil.copyfileobj(whole, file, 1 << 20)

    def delete(self, name: str) -> None:
        """Delete a file, if it is there."""
        (self._path / name).unlink(missing_ok=True)

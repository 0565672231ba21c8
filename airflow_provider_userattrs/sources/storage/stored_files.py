# SPDX-License-Identifier: Apache-2.0
"""Files on local and object storage: listed, checked for changes, and opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.sources.formats import compression_of
from airflow_provider_userattrs.sources.storage.compression import decompressed
from airflow_provider_userattrs.sources.storage.resolved_paths import (
    MissingFile,
    is_glob,
    is_relative,
    normalize,
    storage_path,
)

#: Bytes fetched at once from object storage, whose own default may be 50 MiB.
_CHUNK = 1 << 20

#: What changes when a file does, by the names that storages have for it.
_VERSION_FIELDS = ("ETag", "etag", "generation", "mtime", "LastModified", "last_modified", "updated")

#: For local files also the inode and the time of the last change of any kind: a copy may keep the time of
#: modification, and two writes may share one tick of the clock.
_LOCAL_FIELDS = ("ino", "created")


class FileSlice(NamedTuple):
    """A file, or a range of its row groups, that a shard reads.

    :param file: the file's name.
    :param version: the file's version when it was split.
    :param row_groups: the first row group, and the one after the last; None for the whole file.
    """

    file: str
    version: list[Any]
    row_groups: tuple[int, int] | None = None


class StoredFile:
    """One file.

    :param storage: the file system it is on.
    :param path: its path on it.
    """

    def __init__(self, storage: Any, path: str) -> None:
        self._storage = storage
        self._path = path
        #: The row groups to read: the first, and the one after the last; None for all.
        self.row_groups: tuple[int, int] | None = None
        self.name = str(storage.unstrip_protocol(path))
        info = storage.info(path)
        changing = [str(info[name]) for name in _VERSION_FIELDS if info.get(name) is not None]
        #: The size, and what else changes when the file does; None if the storage reports nothing of the kind.
        self.version = [
            info.get("size"),
            " ".join([*changing, *(str(info.get(name)) for name in _LOCAL_FIELDS)]) if changing else None,
        ]

    @property
    def identity(self) -> Any:
        """Return a value that is equal for two paths to one file, be it by a link or by a name and a glob."""
        resolved = normalize(self._storage, self._path)
        if resolved.is_local:
            stat = os.stat(resolved.path)
            return stat.st_dev, stat.st_ino
        # Two connections may lead to two machines with different files of one name.
        return resolved, self._storage if self.version[1] is None else tuple(self.version)

    @property
    def cursor(self) -> dict[str, Any]:
        """Return the fields that name the file in a cursor."""
        return {"file": printable(self.name), "version": self.version}

    def with_row_groups(self, row_groups: tuple[int, int] | None) -> StoredFile:
        """Return the file, limited to some of its row groups."""
        limited = copy(self)
        limited.row_groups = row_groups
        return limited

    def contains(self, cursor: Mapping[str, Any]) -> bool:
        """Return whether a cursor points into this file, and into the row groups that are read of it."""
        if {"file": cursor.get("file"), "version": cursor.get("version")} != self.cursor:
            return False
        return self.row_groups is None or self.row_groups[0] <= cursor.get("row_group", -1) < self.row_groups[1]

    @contextmanager
    def open(self, *, decompress: bool) -> Iterator[Any]:
        """Open the file for reading bytes.

        :param decompress: whether to decompress it, if its name ends like that of a compressed file.
        """
        compression = compression_of(self.name) if decompress else None
        with self._storage.open(self._path, "rb", block_size=_CHUNK) as file:
            if compression is None:
                yield file
                return
            with decompressed(file, compression, self.name) as plain:
                yield plain


def list_files(path: str) -> list[StoredFile]:
    """Return the file that a path names, or the files that a glob matches in the order of their names.

    :param path: a path on any storage that ObjectStoragePath supports.
    :raises RefusedConfiguration: if the storage is unknown.
    :raises MissingFile: if there is no file.
    """
    target = storage_path(path)
    storage = target.fs
    names = _glob(storage, target.path) if is_glob(path) else _file(storage, target.path)
    if not names:
        where = " in the folder that this worker runs in" if is_relative(path) else ""
        raise MissingFile(f"path {path!r} names no file{where}; give a file's path, or a glob like '/folder/*.csv'")
    return [StoredFile(storage, name) for name in names]


def distinct(files: Iterable[StoredFile], seen: set[Any]) -> list[StoredFile]:
    """Return files in their order, each once, even if several paths lead to it.

    :param files: the files.
    :param seen: files to leave out; the files returned are added.
    """
    kept = []
    for file in files:
        key = file.identity, file.row_groups
        if key not in seen:
            seen.add(key)
            kept.append(file)
    return kept


def _glob(storage: Any, path: str) -> list[str]:
    matches = storage.glob(path, detail=True)
    return sorted(str(name) for name, info in matches.items() if info.get("type") != "directory")


def _file(storage: Any, path: str) -> list[str]:
    try:
        return [] if storage.info(path).get("type") == "directory" else [path]
    except FileNotFoundError:  # the only error for it that all storages share
        return []

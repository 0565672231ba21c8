# SPDX-License-Identifier: Apache-2.0
"""Files on local and object storage: found, told from what they were before, and opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.sources.formats import compression_of
from airflow_provider_userattrs.sources.storage.compression import decompressed
from airflow_provider_userattrs.sources.storage.locations import MissingFile, is_glob, place_on, storage_of

#: Bytes fetched at once from object storage, whose own choice may be 50 MiB.
_BLOCK = 1 << 20

#: What differs when a file does, by the names that storages have for it.
_CHANGING = ("ETag", "etag", "generation", "mtime", "LastModified", "last_modified", "updated")

#: Of local files besides: its number and the time of its last change by whatever means. A copy may take the old time of
#: modification along, and two writings may fall into one tick of the clock.
_LOCAL = ("ino", "created")


class Piece(NamedTuple):
    """Name a file, or some of its row groups, to be read by one shard.

    :param file: the file's name.
    :param mark: what tells one state of the file from another.
    :param groups: the first row group, and the one behind the last; None for all of the file.
    """

    file: str
    mark: list[Any]
    groups: tuple[int, int] | None = None


class StoredFile:
    """Hold one file: how it is named, opened and told from what it was before.

    :param storage: the file system it is on.
    :param path: its path there.
    """

    def __init__(self, storage: Any, path: str) -> None:
        self._storage = storage
        self._path = path
        self.groups: tuple[int, int] | None = None
        self.name = str(storage.unstrip_protocol(path))
        info = storage.info(path)
        told = [str(info[name]) for name in _CHANGING if info.get(name) is not None]
        #: Size, and what the storage has to tell one state of the file from another; None if it has nothing.
        self.mark = [info.get("size"), " ".join([*told, *(str(info.get(name)) for name in _LOCAL)]) if told else None]

    @property
    def itself(self) -> Any:
        """Return what is equal if two paths lead to one file: by a link, or as a name and by a glob."""
        location = place_on(self._storage, self._path)
        if location.is_local:
            told = os.stat(location.path)
            return told.st_dev, told.st_ino
        # Two connections may lead to two machines where the same name stands for two files.
        return location, self._storage if self.mark[1] is None else tuple(self.mark)

    @property
    def place(self) -> dict[str, Any]:
        """Return what names the file in a cursor."""
        return {"file": printable(self.name), "mark": self.mark}

    def part(self, groups: tuple[int, int] | None) -> StoredFile:
        """Return some of the file's row groups."""
        part = copy(self)
        part.groups = groups
        return part

    def holds(self, place: Mapping[str, Any]) -> bool:
        """Tell whether a place is in this file, and in these row groups of it."""
        if {"file": place.get("file"), "mark": place.get("mark")} != self.place:
            return False
        return self.groups is None or self.groups[0] <= place.get("group", -1) < self.groups[1]

    @contextmanager
    def open(self, *, compressed: bool) -> Iterator[Any]:
        """Open the file for reading bytes.

        :param compressed: whether to decompress it, if its name says that it is.
        """
        compression = compression_of(self.name) if compressed else None
        with self._storage.open(self._path, "rb", block_size=_BLOCK) as file:
            if compression is None:
                yield file
                return
            with decompressed(file, compression, self.name) as plain:
                yield plain


def list_files(path: str) -> list[StoredFile]:
    """Return the file a path names, or the files of a glob in the order of their names.

    :param path: on any storage that ObjectStoragePath knows.
    :raises RefusedConfiguration: if the storage is unknown.
    :raises MissingFile: if there is no file.
    """
    target = storage_of(path)
    storage = target.fs
    names = _glob(storage, target.path) if is_glob(path) else _file(storage, target.path)
    if not names:
        raise MissingFile(f"path {path!r} names no file; give a file's path, or a glob like '/folder/*.csv'")
    return [StoredFile(storage, name) for name in names]


def distinct(files: Iterable[StoredFile], read: set[Any]) -> list[StoredFile]:
    """Return files in their order, each once, however many of the paths lead to it.

    :param files: the files.
    :param read: what was read before; these files are added.
    """
    found = []
    for file in files:
        key = file.itself, file.groups
        if key not in read:
            read.add(key)
            found.append(file)
    return found


def _glob(storage: Any, path: str) -> list[str]:
    found = storage.glob(path, detail=True)
    return sorted(str(name) for name, info in found.items() if info.get("type") != "directory")


def _file(storage: Any, path: str) -> list[str]:
    try:
        return [] if storage.info(path).get("type") == "directory" else [path]
    except FileNotFoundError:  # each storage words it in its own way
        return []

# SPDX-License-Identifier: Apache-2.0
"""Where a path leads, so that two spellings of one file are known for what they are."""

from __future__ import annotations

import os
import re
from posixpath import normpath
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater

_GLOB = re.compile(r"[*?\[]")


class MissingFile(RetryLater, FileNotFoundError):
    """Say that there is no file at a path; a later try may find one that was late."""


class Location(NamedTuple):
    """Name a file by its storage and its path there, links and dots resolved.

    :param storage: the kind of storage.
    :param host: the machine it is on, where the kind alone does not tell.
    :param path: the path there.
    """

    storage: type
    host: str | None
    path: str

    @property
    def is_local(self) -> bool:
        """Tell whether this machine holds the file."""
        from fsspec.implementations.local import LocalFileSystem

        return issubclass(self.storage, LocalFileSystem)

    def is_same(self, other: Location) -> bool:
        """Tell whether two paths lead to one file, also by a hard link."""
        if self == other:
            return True
        if not self.is_local or not other.is_local:
            return False
        try:
            return os.path.samefile(self.path, other.path)
        except OSError:  # one of them is not there
            return False

    def is_matched_by(self, glob: Location) -> bool:
        """Tell whether a glob would find this file."""
        from fsspec.utils import glob_translate

        return (self.storage, self.host) == (glob.storage, glob.host) and bool(
            re.match(glob_translate(glob.path), self.path)
        )


def is_glob(path: str) -> bool:
    """Tell whether a path names files by a pattern."""
    return _GLOB.search(path) is not None


def storage_of(path: str) -> Any:
    """Return a path as Airflow's ObjectStoragePath.

    :raises RefusedConfiguration: if it is on no known storage.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    try:
        target: Any = ObjectStoragePath(path)
        _ = target.fs
    except (ValueError, ImportError) as error:
        raise RefusedConfiguration(
            f"path {path!r} is on no known storage ({type(error).__name__}); check its scheme and its provider"
        ) from None
    return target


def place_on(storage: Any, path: str) -> Location:
    """Return where a path leads on a storage, links not resolved.

    :param storage: the file system.
    :param path: the path there.
    """
    return Location(type(storage), getattr(storage, "host", None), normpath(str(storage._strip_protocol(path))))


def locate(path: str) -> Location:
    """Return where a path, or a glob, leads.

    :param path: on any storage that ObjectStoragePath knows.
    :raises RefusedConfiguration: if the storage is unknown.
    """
    target = storage_of(path)
    there = str(target.fs._strip_protocol(target.path))
    location = place_on(target.fs, there)
    if not location.is_local:
        return location
    if not is_glob(path):
        return location._replace(path=os.path.realpath(there))
    # Links in what stands before the pattern are resolved, and nothing behind it.
    parts = there.split("/")
    plain = next(at for at, part in enumerate(parts) if is_glob(part))
    return location._replace(
        path="/".join([os.path.realpath("/".join(parts[:plain]) or "/").rstrip("/"), *parts[plain:]])
    )

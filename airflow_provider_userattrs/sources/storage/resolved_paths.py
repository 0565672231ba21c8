# SPDX-License-Identifier: Apache-2.0
"""Paths with links and dots resolved, so that two spellings of one file compare equal."""

from __future__ import annotations

import os
import re
from posixpath import normpath
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.sources.packages import storage_package

_GLOB = re.compile(r"[*?\[]")


class MissingFile(RetryLater, FileNotFoundError):
    """Raised when a path names no file. A later try may find one that was late."""


class ResolvedPath(NamedTuple):
    """A file by its storage and its path on it.

    :param storage: the class of the file system.
    :param host: the host of the storage, if its class alone does not identify it.
    :param path: the path on it.
    """

    storage: type
    host: str | None
    path: str

    @property
    def is_local(self) -> bool:
        """Return whether the file is on this machine."""
        from fsspec.implementations.local import LocalFileSystem

        return issubclass(self.storage, LocalFileSystem)

    def is_same(self, other: ResolvedPath) -> bool:
        """Return whether two paths name one file, hard links included."""
        if self == other:
            return True
        if not self.is_local or not other.is_local:
            return False
        try:
            return os.path.samefile(self.path, other.path)
        except OSError:  # one of them does not exist
            return False

    def is_matched_by(self, glob: ResolvedPath) -> bool:
        """Return whether a glob would match this file."""
        from fsspec.utils import glob_translate

        return (self.storage, self.host) == (glob.storage, glob.host) and bool(
            re.match(glob_translate(glob.path), self.path)
        )


def is_glob(path: str) -> bool:
    """Return whether a path holds a glob pattern."""
    return _GLOB.search(path) is not None


def is_relative(path: str) -> bool:
    """Return whether a path starts at the working directory."""
    return "://" not in path and not os.path.isabs(path)


def storage_path(path: str) -> Any:
    """Return a path as Airflow's ObjectStoragePath; a relative one starts at the working directory.

    :raises RefusedConfiguration: if its storage is unknown.
    """
    from airflow_provider_userattrs._airflow import ObjectStoragePath

    try:
        # Before Airflow 3.2, ObjectStoragePath has relative paths start at "/".
        target: Any = ObjectStoragePath(os.path.join(os.getcwd(), path) if is_relative(path) else path)
        _ = target.fs
    except (ValueError, ImportError):
        package = storage_package(path)
        remedy = f"install {package}" if package else "check its scheme, or install the provider of that storage"
        raise RefusedConfiguration(f"path {path!r} is on a storage that is not installed; {remedy}") from None
    except TypeError:  # the storage's own class misses an argument, which a connection would give it
        scheme, _, rest = path.partition("://")
        raise RefusedConfiguration(
            f"path {path!r} names no connection to its storage; write it as in '{scheme}://conn_id@{rest}'"
        ) from None
    return target


def normalize(storage: Any, path: str) -> ResolvedPath:
    """Return a path on a storage with its dots resolved, but not its links.

    :param storage: the file system.
    :param path: the path on it.
    """
    return ResolvedPath(type(storage), getattr(storage, "host", None), normpath(str(storage._strip_protocol(path))))


def resolve(path: str) -> ResolvedPath:
    """Return the resolved path of a file or a glob.

    :param path: a path on any storage that ObjectStoragePath supports.
    :raises RefusedConfiguration: if the storage is unknown.
    """
    target = storage_path(path)
    plain = str(target.fs._strip_protocol(target.path))
    resolved = normalize(target.fs, plain)
    if not resolved.is_local:
        return resolved
    if not is_glob(path):
        return resolved._replace(path=os.path.realpath(plain))
    # Only the folders before the pattern can be resolved.
    parts = plain.split("/")
    first = next(index for index, part in enumerate(parts) if is_glob(part))
    return resolved._replace(
        path="/".join([os.path.realpath("/".join(parts[:first]) or "/").rstrip("/"), *parts[first:]])
    )

# SPDX-License-Identifier: Apache-2.0
"""Paths as a DAG author gives them: text, `pathlib.Path` or Airflow's ObjectStoragePath; kept as text."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from airflow_provider_userattrs.sources.arguments import check_text, refuse_argument
from airflow_provider_userattrs.sources.templates import is_deferred

#: A path with a scheme of which `pathlib.Path` left one slash; the scheme has two letters or more, unlike a drive.
_LOST_SLASH = re.compile(r"[A-Za-z][\w+.-]+:/(?!/)")


def is_path(value: Any) -> bool:
    """Return whether a value is a path, text included."""
    return isinstance(value, (str, os.PathLike)) or _is_storage_path(value)


def as_text(value: Any) -> Any:
    """Return a path as text, in which it may be a template; a value that is no path unchanged."""
    if _is_storage_path(value):
        return str(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def lost_slash(path: str) -> str | None:
    """Return what is wrong with the address of a storage that was made a `pathlib.Path`, or None."""
    if not _LOST_SLASH.match(path):
        return None
    scheme = path.partition(":")[0]
    return f"pathlib.Path makes one slash of the two in '{scheme}://'; give text, or Airflow's ObjectStoragePath"


def paths_as_text(path: Any, remedy: str) -> Any:
    """Return the path of a source, or the list of its paths, as text; what is known only in a task is unchanged.

    :param path: the argument ``path``.
    :param remedy: what to give instead of anything else.
    :raises ValueError: if it is something else.
    """
    if is_deferred(path):
        return path
    if isinstance(path, Sequence) and not isinstance(path, (str, bytes)):
        if not path:
            raise ValueError(f"path is an empty list; {remedy}")
        return [paths_as_text(item, remedy) for item in path]
    text = as_text(path)
    check_text("path", text, remedy)
    if problem := lost_slash(text):
        refuse_argument("path", text, problem)
    return text


def path_list(path: Any) -> list[str]:
    """Return the paths of a source, once it is rendered, as text.

    :param path: a path, or several.
    """
    return [as_text(each) for each in ([path] if is_path(path) else path)]


def _is_storage_path(value: Any) -> bool:
    """Return whether a value is an ObjectStoragePath, which is no `os.PathLike` on each Airflow.

    Its class is asked: it opens the storage to say what it has itself.
    """
    return all(hasattr(type(value), name) for name in ("protocol", "fs"))

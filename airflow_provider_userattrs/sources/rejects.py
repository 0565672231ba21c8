# SPDX-License-Identifier: Apache-2.0
"""Reads rows from rejects files on local and object storage."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from posixpath import dirname
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import counted, listed
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.rejects.files import Part, read_head, read_parts
from airflow_provider_userattrs.sources.column_types import convert_row
from airflow_provider_userattrs.sources.handover import task_context
from airflow_provider_userattrs.sources.paths import path_list, paths_as_text
from airflow_provider_userattrs.sources.rejects_names import IN_PROGRESS, Name, matching_names, names_in
from airflow_provider_userattrs.sources.storage.lines import BOM, split_lines
from airflow_provider_userattrs.sources.storage.resolved_paths import MissingFile, resolve, storage_path

__all__ = ["Rejects"]

log = logging.getLogger(__name__)

_PATH = "give the rejects_path of the push, or the file that its report names, or a list of them"


class Rejects:
    """Replay the rows that an earlier push wrote to its ``rejects_path``, from all instances of a mapped task.

    If several pushes wrote to the path, the one of this DAG run is taken, else the latest; the log says which.

    :param path: the ``rejects_path`` of the push, or the file that its report names (text, a `pathlib.Path` or an
        ObjectStoragePath), or a list of them, on any storage that ObjectStoragePath supports; may be a template.
    :param in_doubt: whether to replay rows that may have been applied, although the operation (EngageLab's
        ``increase``, MoEngage's ``add``) is not idempotent.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    template_fields = ("path",)

    #: The other rows of the push were accepted.
    is_partial = True

    def __init__(self, path: Any, *, in_doubt: bool = False) -> None:
        self.path = paths_as_text(path, _PATH)
        self.in_doubt = in_doubt

    def arguments(self) -> dict[str, Any]:
        """Return the source as JSON, for `from_arguments`."""
        return {"path": paths_as_text(self.path, _PATH), "in_doubt": self.in_doubt}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Rejects:
        """Return the source that `arguments` describes."""
        return cls(**arguments)

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow]:
        """Yield the rows in the order in which they were written.

        :raises MissingFile: if there is no such file.
        :raises RefusedConfiguration: if several tasks wrote to the path.
        """
        return self._read(log_choice=True)

    def count(self) -> int:
        """Count the rows; the files are read once more."""
        return sum(1 for _ in self._read(log_choice=False))

    def identity(self) -> Any:
        """Return a value that changes when the files do."""
        versions = []
        for files in self._files():
            for file in files:
                info = file.fs.info(file.path)
                changed = info.get("ETag") or info.get("mtime") or info.get("LastModified")
                versions.append([file.address, info.get("size"), None if changed is None else str(changed)])
        return [versions, self.in_doubt]

    def tasks(self) -> list[str]:
        """Return the tasks that wrote the files, as ``dag_id.task_id``, where a file says it."""
        heads = [file.head for files in self._files() for file in files]
        return sorted({f"{head['dag_id']}.{head['task_id']}" for head in heads if head.get("task_id")})

    def reads(self, path: str) -> bool:
        """Return whether a path leads to one of the paths given."""
        return any(resolve(own).is_same(resolve(path)) for own in self._paths())

    def _read(self, *, log_choice: bool) -> Iterator[Row | MalformedRow]:
        for files in self._files(log_choice=log_choice):
            parts = [Part(file.address, file.lines) for file in files]
            yield from read_parts(parts, in_doubt=self.in_doubt, convert=convert_row)

    def _paths(self) -> list[str]:
        return path_list(self.path)

    def _files(self, *, log_choice: bool = False) -> list[list[_File]]:
        """Return the parts of each rejects file, in their order; those of a mapped task by map index."""
        instances: dict[Any, list[tuple[Any, _File]]] = {}
        paths = self._paths()
        for path in paths:
            files = sorted(_choose(path, log_choice=log_choice), key=lambda file: file.name.in_progress)
            # A file in progress, or left so by a killed try, is newer than a file at its final name.
            for file in {file.path.removesuffix(IN_PROGRESS): file for file in files}.values():
                owner, started = (f"{path} {file.name.push}", file.name.map_index), 0.0
                if len(paths) > 1:  # the tries of one push may have used different paths
                    owner, started = file.owner or owner, file.head.get("started", 0.0)
                instances.setdefault(owner, []).append(((started, file.name.part, file.path), file))
        return [[file for _, file in sorted(files, key=lambda item: item[0])] for _, files in sorted(instances.items())]


class _File(NamedTuple):
    fs: Any
    path: str
    name: Name

    @property
    def address(self) -> str:
        return str(self.fs.unstrip_protocol(self.path))

    @property
    def head(self) -> dict[str, Any]:
        return read_head(next(self.lines(), ""))

    @property
    def owner(self) -> tuple[str, int] | None:
        """Return the task instance that wrote the file, from its first line; None if the line does not say."""
        head = self.head
        names = [head.get(name) for name in ("dag_id", "task_id", "run_id", "number")]
        return (str(names), int(head.get("map_index", -1))) if all(names) else None

    def lines(self) -> Iterator[str]:
        with self.fs.open(self.path, "rb") as file:
            for number, line in enumerate(split_lines(file)):
                if number == 0:
                    line = line.removeprefix(BOM)  # editors on Windows write one
                yield line.decode("utf-8", "surrogateescape")  # text that is not UTF-8 fails when the row is read


def _choose(path: str, *, log_choice: bool) -> list[_File]:
    """Return the files of the push that a path means.

    :param path: the path.
    :param log_choice: whether to log which of several pushes is taken.
    """
    target = storage_path(path)
    fs = target.fs
    plain = str(fs._strip_protocol(target.path))
    folder = dirname(plain)
    files = [
        _File(fs, f"{folder}/{name}", parsed) for name, parsed in matching_names(plain, names_in(fs, folder)).items()
    ]
    if not files:
        raise MissingFile(
            f"path {path!r} names no rejects file, and no push has written one to it; give the rejects_path of the "
            "push, or the file that its report names"
        )
    pushes: dict[str, list[_File]] = {}
    for file in files:
        pushes.setdefault(file.name.push, []).append(file)
    if len(pushes) == 1:
        return files
    heads = {push: min(files, key=lambda file: file.name[1:]).head for push, files in pushes.items()}
    tasks = sorted({f"{head.get('dag_id')}.{head.get('task_id')}" for head in heads.values()})
    if len(tasks) > 1:
        raise RefusedConfiguration(
            f"path {path!r} has rejects of {len(tasks):,} tasks: {listed(tasks)}; give the file that the report "
            "of one names, or give each task its own rejects_path"
        )
    run_id = (task_context() or {}).get("run_id")
    latest = max(heads.values(), key=lambda head: (head.get("run_id") == run_id, head.get("started", 0.0))).get(
        "run_id"
    )
    chosen = [file for push, files in pushes.items() if heads[push].get("run_id") == latest for file in files]
    if log_choice and len(chosen) < len(files):
        runs = len({head.get("run_id") for head in heads.values()}) - 1
        log.info(
            "Replaying rejects of %s, run %s: %s; those of %s at this path are left out",
            tasks[0],
            latest,
            counted(len(chosen), "file"),
            counted(runs, "other run"),
        )
    return chosen

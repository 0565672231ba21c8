# SPDX-License-Identifier: Apache-2.0
"""The rows of rejects files, on local and object storage."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from posixpath import dirname
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.rejects.files import Part, read_head, read_parts
from airflow_provider_userattrs.sources.column_types import convert
from airflow_provider_userattrs.sources.handover import task_context
from airflow_provider_userattrs.sources.rejects_names import IN_PROGRESS, Name, names_in, names_like
from airflow_provider_userattrs.sources.storage.lines import BOM, split_lines
from airflow_provider_userattrs.sources.storage.locations import MissingFile, locate, storage_of

__all__ = ["Rejects"]

log = logging.getLogger(__name__)


class Rejects:
    """Replay the rows that an earlier push wrote to its ``rejects_path``, all instances of a mapped task included.

    Of several pushes to one path it takes the one of this run of the DAG, else the latest, and says so in the log.

    :param path: the path given there, or the file that the report names, or a list of them; on any storage that
        ObjectStoragePath knows. May be a template.
    :param in_doubt: whether to replay also rows that may have been applied, of an operation (EngageLab's
        ``increase``) that is not to be repeated.
    """

    template_fields = ("path",)

    def __init__(self, path: Any, *, in_doubt: bool = False) -> None:
        self.path = path
        self.in_doubt = in_doubt

    def arguments(self) -> dict[str, Any]:
        """Return what `from_arguments` makes this source of again, as JSON."""
        return {"path": self.path, "in_doubt": self.in_doubt}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Rejects:
        """Return the source that `arguments` described."""
        return cls(**arguments)

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow]:
        """Yield the rows in the order they were written.

        :raises MissingFile: if there is no such file.
        :raises RefusedConfiguration: if files of several tasks are in question.
        """
        for files in self._files(said=True):
            parts = [Part(file.address, file.lines) for file in files]
            yield from read_parts(parts, in_doubt=self.in_doubt, convert=convert)

    def identity(self) -> Any:
        """Return what changes when the files do."""
        found = []
        for files in self._files():
            for file in files:
                info = file.fs.info(file.path)
                changed = info.get("ETag") or info.get("mtime") or info.get("LastModified")
                found.append([file.address, info.get("size"), None if changed is None else str(changed)])
        return [found, self.in_doubt]

    def reads(self, path: str) -> bool:
        """Tell whether a path leads to what is read here."""
        return any(locate(each).is_same(locate(path)) for each in self._paths())

    def _paths(self) -> list[str]:
        is_one = isinstance(self.path, (str, os.PathLike)) or hasattr(self.path, "protocol")
        return [str(self.path)] if is_one else [str(each) for each in self.path]

    def _files(self, *, said: bool = False) -> list[list[_File]]:
        """Return the parts of each file, in their order; of the files of a mapped task by their index."""
        instances: dict[Any, list[tuple[Any, _File]]] = {}
        paths = self._paths()
        for path in paths:
            files = sorted(_choose(path, said=said), key=lambda file: file.name.in_progress)
            # One that is being written, or was left by a killed try, is later than what stands at its name.
            for file in {file.path.removesuffix(IN_PROGRESS): file for file in files}.values():
                owner, begun = (f"{path} {file.name.push}", file.name.map_index), 0.0
                if len(paths) > 1:  # the tries of one push may have had different paths
                    owner, begun = file.owner or owner, file.head.get("begun", 0.0)
                instances.setdefault(owner, []).append(((begun, file.name.part, file.path), file))
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
        """Return whose the file is, as its first line tells; None if it does not."""
        head = self.head
        named = [head.get(name) for name in ("dag_id", "task_id", "run_id", "number")]
        return (str(named), int(head.get("map_index", -1))) if all(named) else None

    def lines(self) -> Iterator[str]:
        with self.fs.open(self.path, "rb") as file:
            for number, line in enumerate(split_lines(file)):
                if number == 0:
                    line = line.removeprefix(BOM)  # editors on Windows write one
                yield line.decode("utf-8", "surrogateescape")  # what is no UTF-8 is found where the row is checked


def _choose(path: str, *, said: bool) -> list[_File]:
    """Return the files that a path means.

    :param path: the path.
    :param said: whether to say in the log which push is taken of several.
    """
    target = storage_of(path)
    fs = target.fs
    there = str(fs._strip_protocol(target.path))
    folder = dirname(there)
    files = [_File(fs, f"{folder}/{name}", told) for name, told in names_like(there, names_in(fs, folder)).items()]
    if not files:
        raise MissingFile(f"path {path!r} names no rejects file, and no push has written one to it")
    pushes: dict[str, list[_File]] = {}
    for file in files:
        pushes.setdefault(file.name.push, []).append(file)
    if len(pushes) == 1:
        return files
    heads = {push: min(files, key=lambda file: file.name[1:]).head for push, files in pushes.items()}
    tasks = sorted({f"{head.get('dag_id')}.{head.get('task_id')}" for head in heads.values()})
    if len(tasks) > 1:
        raise RefusedConfiguration(
            f"path {path!r} holds rejects of {len(tasks)} tasks: {', '.join(tasks)[:500]}; give the file of one, as "
            "its report names it, or give each task a rejects_path of its own"
        )
    run_id = (task_context() or {}).get("run_id")
    latest = max(heads.values(), key=lambda head: (head.get("run_id") == run_id, head.get("begun", 0.0))).get("run_id")
    chosen = [file for push, files in pushes.items() if heads[push].get("run_id") == latest for file in files]
    if said and len(chosen) < len(files):
        runs = len({head.get("run_id") for head in heads.values()}) - 1
        log.info(
            "Rejects of %s, run %s: %s files; those of %s other runs at this path are left out",
            tasks[0],
            latest,
            len(chosen),
            runs,
        )
    return chosen

# SPDX-License-Identifier: Apache-2.0
"""Names rejects files, so that each push has its own, even if several are given the same path.

::

    /data/rejects.jsonl                                        the rejects_path that the author gave
    /data/rejects.RUN-DIGEST.jsonl                             the file of one DAG run and task
    /data/rejects.RUN-DIGEST.map-0003.jsonl                    the file of one instance of a mapped task
    /data/rejects.RUN-DIGEST.part-0002.jsonl                   the part of a try that resumed the push
    /data/rejects.RUN-DIGEST.jsonl.inprogress                  while it is written
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from posixpath import basename, splitext
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.digest import digest

#: Suffix of a local file that is being written, or was when its try was killed.
IN_PROGRESS = ".inprogress"

_MAX_RUN_ID = 48


@dataclass(frozen=True)
class Owner:
    """The push whose rejects a file holds.

    :param dag_id: its DAG.
    :param task_id: its task.
    :param run_id: its DAG run.
    :param map_index: the index of the mapped task's instance; -1 if the task is not mapped.
    :param number: the number of the push among those of the task instance to one path, from 1.
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    number: int = 1

    @property
    def push(self) -> str:
        """Return a name for run, task and number, in characters that every storage accepts."""
        names = [self.dag_id, self.task_id, self.run_id, self.number]
        return f"{re.sub(r'[^A-Za-z0-9_]+', '-', self.run_id)[:_MAX_RUN_ID]}-{digest(names)[:12]}"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON."""
        return asdict(self)


def path_of(rejects_path: str, owner: Owner) -> str:
    """Return the path of a push's rejects file.

    :param rejects_path: the path that the author gave.
    :param owner: the push.
    """
    root, suffix = splitext(rejects_path)
    instance = "" if owner.map_index < 0 else f".map-{owner.map_index:04d}"
    return f"{root}.{owner.push}{instance}{suffix}"


def part_of(path: str, number: int) -> str:
    """Return the path of a rejects file's part, from 1."""
    root, suffix = splitext(path)
    return path if number == 1 else f"{root}.part-{number:04d}{suffix}"


def names_in(fs: Any, folder: str) -> list[str]:
    """Return the names of the files in a folder; an empty list if the folder does not exist.

    :param fs: the file system.
    :param folder: the folder's path on it.
    """
    fs.invalidate_cache(folder)
    try:
        return [str(path).rstrip("/").rpartition("/")[2] for path in fs.ls(folder, detail=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


class Name(NamedTuple):
    """The fields of a rejects file's name.

    :param push: run and task, as in `Owner.push`; empty if the file was given itself.
    :param map_index: the index of the mapped task's instance; -1 for none.
    :param part: the number of the part, from 1.
    :param in_progress: whether the file is being written, or was when its try was killed.
    """

    push: str
    map_index: int
    part: int
    in_progress: bool


def matching_names(path: str, names: list[str]) -> dict[str, Name]:
    """Return the files of a folder that belong to a path: the file and its parts, else those of all pushes to it.

    :param path: a path, as an author or a report gives it.
    :param names: the names of the files in its folder.
    """
    stem, suffix = splitext(basename(path))
    parts = rf"(\.part-(?P<part>\d+))?{re.escape(suffix)}(?P<progress>{re.escape(IN_PROGRESS)})?"
    for push in ("", r"\.map-(?P<map>\d+)", r"\.(?P<push>[A-Za-z0-9_-]+-[0-9a-f]{12})(\.map-(?P<map>\d+))?"):
        matches = {name: match for name in names if (match := re.fullmatch(re.escape(stem) + push + parts, name))}
        if matches:
            return {name: _name(match.groupdict()) for name, match in matches.items()}
    return {}


def _name(fields: dict[str, str | None]) -> Name:
    return Name(
        fields.get("push") or "", int(fields.get("map") or -1), int(fields["part"] or 1), bool(fields["progress"])
    )

# SPDX-License-Identifier: Apache-2.0
"""How rejects files are named: one for each push, whatever path the author gave, so that no two ever share one.

::

    /data/rejects.jsonl                                        what the author wrote
    /data/rejects.RUN-DIGEST.jsonl                             the file of one run and task
    /data/rejects.RUN-DIGEST.map-0003.jsonl                    of one instance of a mapped task
    /data/rejects.RUN-DIGEST.part-0002.jsonl                   of a try that went on with the push
    /data/rejects.RUN-DIGEST.jsonl.inprogress                  while it is written
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from posixpath import basename, splitext
from typing import Any, NamedTuple

#: What stands behind the name of a local file that is being written, or was when its try was killed.
IN_PROGRESS = ".inprogress"

_LONGEST_RUN = 48


@dataclass(frozen=True)
class Owner:
    """Tell the push whose rejects a file holds.

    :param dag_id: its DAG.
    :param task_id: its task.
    :param run_id: its run.
    :param map_index: which instance of a mapped task it is; -1 if it is not mapped.
    :param number: which push of the task instance to one path it is, from 1.
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    number: int = 1

    @property
    def push(self) -> str:
        """Name run, task and number, in letters that every storage takes."""
        names = [self.dag_id, self.task_id, self.run_id, self.number]
        digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9_]+', '-', self.run_id)[:_LONGEST_RUN]}-{digest[:12]}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def path_of(rejects_path: str, owner: Owner) -> str:
    """Return where a task instance writes.

    :param rejects_path: the path its author gave.
    :param owner: the task instance.
    """
    root, ending = splitext(rejects_path)
    instance = "" if owner.map_index < 0 else f".map-{owner.map_index:04d}"
    return f"{root}.{owner.push}{instance}{ending}"


def part_of(path: str, number: int) -> str:
    """Return the path of a file's part, from 1."""
    root, ending = splitext(path)
    return path if number == 1 else f"{root}.part-{number:04d}{ending}"


def names_in(fs: Any, folder: str) -> list[str]:
    """Return the names of the files in a folder; of none, if it is not there.

    :param fs: the storage.
    :param folder: the folder's path there.
    """
    fs.invalidate_cache(folder)
    try:
        return [str(path).rstrip("/").rpartition("/")[2] for path in fs.ls(folder, detail=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


class Name(NamedTuple):
    """Hold what the name of a rejects file tells.

    :param push: run and task, as `Owner.push` has them; empty if it was named outright.
    :param map_index: the instance of a mapped task; -1 for none.
    :param part: its number, from 1.
    :param in_progress: whether it is being written, or was when its try was killed.
    """

    push: str
    map_index: int
    part: int
    in_progress: bool


def names_like(path: str, names: list[str]) -> dict[str, Name]:
    """Return which files of a folder belong to a path: that file and its parts, else those of all pushes to it.

    :param path: a path, as an author or as a report gives it.
    :param names: the names of the files in its folder.
    """
    stem, ending = splitext(basename(path))
    parts = rf"(\.part-(?P<part>\d+))?{re.escape(ending)}(?P<progress>{re.escape(IN_PROGRESS)})?"
    for push in ("", r"\.map-(?P<map>\d+)", r"\.(?P<push>[A-Za-z0-9_-]+-[0-9a-f]{12})(\.map-(?P<map>\d+))?"):
        found = {name: match for name in names if (match := re.fullmatch(re.escape(stem) + push + parts, name))}
        if found:
            return {name: _read(match.groupdict()) for name, match in found.items()}
    return {}


def _read(told: dict[str, str | None]) -> Name:
    return Name(told.get("push") or "", int(told.get("map") or -1), int(told["part"] or 1), bool(told["progress"]))

# SPDX-License-Identifier: Apache-2.0
"""Where a task's checkpoint is stored: Airflow's task state store (3.3 and later), or a file on object storage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.resume.checkpoint import Store
from airflow_provider_userattrs.sources.storage.private_files import create_private
from airflow_provider_userattrs.sources.storage.resolved_paths import storage_path
from airflow_provider_userattrs.task.keys import CHECKPOINT_KEY

#: Bytes of a file's name; most file systems take 255, and ids may have 250 characters each.
_MAX_NAME_LENGTH = 200


class StateStore:
    """Stores the checkpoint in Airflow's task state store; it survives retries and clearing the task.

    :param accessor: ``context["task_state_store"]``.
    :param key: the checkpoint's name there.
    """

    def __init__(self, accessor: Any, key: str = CHECKPOINT_KEY) -> None:
        self._accessor = accessor
        self._key = key

    def read(self) -> dict[str, Any] | None:
        """Return what was written last, or None."""
        state: dict[str, Any] | None = self._accessor.get(self._key)
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Store a JSON dict."""
        self._accessor.set(self._key, json.loads(json.dumps(state)))  # as plain JSON: the store takes no tuples

    def delete(self) -> None:
        """Delete what is stored."""
        self._accessor.delete(self._key)


class PathStore:
    """Stores the checkpoint in a file of its own for each task instance.

    :param folder: where, on any storage that ObjectStoragePath knows.
    :param ti: the task instance.
    :param key: the checkpoint's name among those of the task instance.
    """

    def __init__(self, folder: str, ti: Any, key: str = CHECKPOINT_KEY) -> None:
        parts = [ti.dag_id, ti.run_id, ti.task_id, str(ti.map_index)]
        name = "~".join(quote(part, safe="") for part in [*parts, *([] if key == CHECKPOINT_KEY else [key])])
        if len(name) > _MAX_NAME_LENGTH:
            name = f"{name[:100]}~{digest([name])}"
        try:
            self._path: Any = storage_path(folder) / f"{name}.json"
        except RefusedConfiguration as refused:
            raise RefusedConfiguration(f"checkpoint_path: {refused}") from None

    def read(self) -> dict[str, Any] | None:
        """Return what was written last, or None."""
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return None
        state: dict[str, Any] = json.loads(text)
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Store a JSON dict; a local file is replaced atomically, so that it is never read half written."""
        text = json.dumps(state)
        if not self._path.parent.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.protocol not in ("", "file"):
            self._path.write_text(text)
            return
        half = self._path.with_name(self._path.name + ".new")
        with create_private(half.path) as file:  # it may hold the key of a row
            file.write(text)
        half.rename(self._path)

    def delete(self) -> None:
        """Delete what is stored."""
        self._path.unlink(missing_ok=True)


class Slots:
    """Assigns each push of one task instance a slot for its checkpoint.

    A task may make several pushes, one after the other: the second one of a kind has the second slot of that kind.

    :param context: the task's context; it remembers which slots this try has used.
    :param checkpoint_path: the folder its author named, or None.
    :param idempotent: the kind of push; an idempotent one never takes the slot of one that is not.
    """

    def __init__(self, context: Any, checkpoint_path: str | None, *, idempotent: bool) -> None:
        self._folder = checkpoint_path
        self._ti = context["ti"]
        self._accessor = context.get("task_state_store")
        self._kind = CHECKPOINT_KEY if idempotent else f"{CHECKPOINT_KEY}_once"
        self._used: list[str] = context.setdefault("userattrs_checkpoints", [])

    @property
    def in_state_store(self) -> bool:
        """Return whether checkpoints are stored in Airflow's task state store."""
        return self._folder is None and self._accessor is not None

    def __bool__(self) -> bool:
        return self._folder is not None or self._accessor is not None

    def __iter__(self) -> Iterator[tuple[str, Store]]:
        """Yield names and slots that this try has not used, without end."""
        for number in count(1):
            key = self._kind if number == 1 else f"{self._kind}_{number}"
            if key not in self._used:
                yield key, self._open(key)

    def take(self, key: str) -> Store:
        """Mark a slot as used in this try."""
        self._used.append(key)
        return self._open(key)

    def _open(self, key: str) -> Store:
        return StateStore(self._accessor, key) if self._folder is None else PathStore(self._folder, self._ti, key)

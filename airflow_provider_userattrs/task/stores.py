# SPDX-License-Identifier: Apache-2.0
"""Where a task's checkpoint is stored: Airflow's task state store (3.3 and later), or a file on object storage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.resume.checkpoint import Store
from airflow_provider_userattrs.task.keys import CHECKPOINT_KEY
from airflow_provider_userattrs.task.storage_folder import StorageFolder, file_name


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
        ids = [ti.dag_id, ti.run_id, ti.task_id, str(ti.map_index), *([] if key == CHECKPOINT_KEY else [key])]
        self._name = f"{file_name(*ids)}.json"
        try:
            self._folder = StorageFolder(folder)
        except RefusedConfiguration as refused:
            raise RefusedConfiguration(f"checkpoint_path: {refused}") from None

    def read(self) -> dict[str, Any] | None:
        """Return what was written last, or None."""
        try:
            with self._folder.read(self._name) as file:
                state: dict[str, Any] = json.load(file)
        except FileNotFoundError:
            return None
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Store a JSON dict, which may hold the key of a row; it is never read half written."""
        with self._folder.write(self._name) as file:
            file.write(json.dumps(state).encode())

    def delete(self) -> None:
        """Delete what is stored."""
        self._folder.delete(self._name)


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

# SPDX-License-Identifier: Apache-2.0
"""Where a task's checkpoint is kept: Airflow's task state store (3.3 and later), or a file on object storage."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_userattrs.push.checkpoint import KEY, Store


class StateStore:
    """Keep the checkpoint in Airflow's task state store; it outlives tries, and a clear by hand.

    :param accessor: ``context["task_state_store"]``.
    """

    def __init__(self, accessor: Any) -> None:
        self._accessor = accessor

    def read(self) -> dict[str, Any] | None:
        """Return what was written last, or None."""
        state: dict[str, Any] | None = self._accessor.get(KEY)
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Keep a JSON dict."""
        self._accessor.set(KEY, json.loads(json.dumps(state)))  # as plain JSON: the store takes no tuples

    def delete(self) -> None:
        """Keep nothing."""
        self._accessor.delete(KEY)


class PathStore:
    """Keep the checkpoint in a file of its own for each task instance.

    :param folder: where, on any storage that ObjectStoragePath knows.
    :param ti: the task instance.
    """

    def __init__(self, folder: str, ti: Any) -> None:
        parts = (ti.dag_id, ti.run_id, ti.task_id, str(ti.map_index))
        name = "~".join(quote(part, safe="") for part in parts) + ".json"
        self._path: Any = ObjectStoragePath(folder) / name

    def read(self) -> dict[str, Any] | None:
        """Return what was written last, or None."""
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return None
        state: dict[str, Any] = json.loads(text)
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Keep a JSON dict; a file on local storage is replaced at once, so that no half of one is ever read."""
        text = json.dumps(state)
        if not self._path.parent.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.protocol not in ("", "file"):
            self._path.write_text(text)
            return
        half = self._path.with_name(self._path.name + ".new")
        half.write_text(text)
        half.rename(self._path)

    def delete(self) -> None:
        """Keep nothing."""
        self._path.unlink(missing_ok=True)


def find_store(context: Any, checkpoint_path: str | None) -> Store | None:
    """Return where the checkpoint of a task is kept, or None if there is no place for it.

    :param context: the task's context.
    :param checkpoint_path: the folder its author named, or None.
    """
    if checkpoint_path is not None:
        return PathStore(checkpoint_path, context["ti"])
    accessor = context.get("task_state_store")
    return None if accessor is None else StateStore(accessor)

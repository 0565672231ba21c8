# SPDX-License-Identifier: Apache-2.0
"""Writes the rejects file of one push."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from posixpath import dirname
from typing import IO, Any

from fsspec.implementations.local import LocalFileSystem

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.verdict import Outcome
from airflow_provider_userattrs.push.rejects.files import head_line
from airflow_provider_userattrs.push.rejects.lines import write_lines
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.sources.rejects_names import (
    IN_PROGRESS,
    Owner,
    matching_names,
    names_in,
    part_of,
    path_of,
)
from airflow_provider_userattrs.sources.storage.private_files import create_private
from airflow_provider_userattrs.sources.storage.resolved_paths import storage_path

#: Seconds between two parts on object storage, where a file exists only once it is closed.
_PART_EVERY = 30.0


class RejectsWriter:
    """Writes the rows of a running push that were not accepted.

    The file is created when the push begins, so that a path that cannot be written fails before anything is sent. A
    local file is written under a temporary name and renamed when the try ends. A try that resumes a push writes a part
    of its own, after finishing the file that a killed try left.

    :param path: the file, as `path_of` names it, on any storage that ObjectStoragePath supports.
    :param idempotent: whether the operation is idempotent.
    :param owner: the task instance whose file it is; None outside of a task.
    :param checkpoint: the checkpoint from which this try resumes; None at the first row.
    :param clock: the clock.
    :raises RefusedConfiguration: if the path cannot be written.
    """

    def __init__(
        self,
        path: str,
        *,
        idempotent: bool,
        owner: Owner | None = None,
        checkpoint: Checkpoint | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._idempotent = idempotent
        self._owner = owner
        self._clock = clock or Clock()
        self._broken = False
        self._file: IO[Any] | None = None
        self._resumed = checkpoint if checkpoint and len(checkpoint.tries) > 1 else None
        self.part = 1
        try:
            target = storage_path(path)
            self._fs: Any = target.fs
            self._path = str(self._fs._strip_protocol(target.path))
            self._is_local = isinstance(self._fs, LocalFileSystem)
            self._is_device = self._is_local and _is_device(self._path)
            if not self._is_device:
                self._prepare()
            self._open()
        except Exception as error:  # each storage has its own exceptions
            raise _refusal(error) from error

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write rows.

        :raises RetryLater: if they cannot be written.
        """
        self._append(write_lines(outcomes, idempotent=self._idempotent))

    def settle(self, *, now: bool) -> bool:
        """Make sure that the rows written survive a crash; return whether they do.

        :param now: whether to close a file on object storage now; otherwise at most every 30 s, to avoid small files.
        """
        if self._broken:
            return False
        if self._is_local or self._file is None:
            return True
        if not now and self._clock.monotonic() - self._opened < _PART_EVERY:
            return False
        self.close()
        return True

    def close(self) -> None:
        """Finish the file.

        :raises RetryLater: if that fails and no earlier write has.
        """
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
            if self._is_local and not self._is_device:
                self._finish(part_of(self._path, self.part))
        except Exception as error:
            if not self._broken:
                raise self._failure(error) from error

    def _prepare(self) -> None:
        """Create the folder; finish the parts of earlier tries, or remove those of an earlier push."""
        folder = dirname(self._path)
        if not self._fs.exists(folder):
            self._fs.makedirs(folder, exist_ok=True)
        if self._fs.isdir(self._path):
            raise IsADirectoryError(self._path)
        for name, parsed in matching_names(self._path, names_in(self._fs, folder)).items():
            if parsed.push or parsed.map_index >= 0:  # of another push
                continue
            path = f"{folder}/{name}"
            if self._resumed:
                self.part = max(self.part, parsed.part + 1)
                if parsed.in_progress:
                    self._finish(path.removesuffix(IN_PROGRESS))
            elif path != self._path:
                self._fs.rm_file(path)

    def _finish(self, path: str) -> None:
        """Rename a local file to its final name; another try may have done so already."""
        with suppress(FileNotFoundError):
            os.replace(path + IN_PROGRESS, path)

    def _open(self) -> None:
        self._opened = self._clock.monotonic()
        path = part_of(self._path, self.part)
        if self._is_device:
            self._file = os.fdopen(os.open(self._path, os.O_WRONLY), "w", encoding="utf-8")
            return
        if self._is_local:
            self._file = create_private(path + IN_PROGRESS)
        else:
            self._file = self._fs.open(path, "wt", encoding="utf-8")
        resumed, self._resumed = self._resumed, None
        owner = {} if self._owner is None else self._owner.as_dict()
        self._write(head_line({**owner, "part": self.part, "started": round(self._clock.time(), 3)}, resumed))

    def _append(self, lines: str) -> None:
        try:
            if self._file is None:
                self.part += 1
                self._open()
            self._write(lines)
        except Exception as error:
            raise self._failure(error) from error

    def _write(self, lines: str) -> None:
        file: Any = self._file
        file.write(lines)
        if self._is_local:
            file.flush()

    def _failure(self, error: Exception) -> RetryLater:
        self._broken = True
        return RetryLater(
            f"rejects_path can no longer be written ({type(error).__name__}); free space or fix the storage, then "
            "retry the task"
        )


def file_for(rejects_path: str, owner: Owner) -> str:
    """Return the file that a task instance writes: its own, unless the path is a device.

    :param rejects_path: the path that the author gave.
    :param owner: the task instance.
    :raises RefusedConfiguration: if the path is a folder, or its storage is unknown.
    """
    try:
        target = storage_path(rejects_path)
        path = str(target.fs._strip_protocol(target.path))
        if target.fs.isdir(path):
            raise IsADirectoryError(path)
    except RefusedConfiguration as refused:
        raise RefusedConfiguration(f"rejects_path: {refused}") from None
    except IsADirectoryError:
        raise RefusedConfiguration("rejects_path is a folder; give a file, such as '/data/rejects.jsonl'") from None
    except Exception as error:  # each storage has its own exceptions
        raise _refusal(error) from error
    is_device = isinstance(target.fs, LocalFileSystem) and _is_device(path)
    return rejects_path if is_device else path_of(rejects_path, owner)


def _refusal(error: Exception) -> RefusedConfiguration:
    return RefusedConfiguration(
        f"rejects_path cannot be written ({type(error).__name__}); check the path, the storage's provider and its "
        "connection"
    )


def _is_device(path: str) -> bool:
    """Return whether a path is a device or a pipe, such as /dev/null, which is written to directly."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)

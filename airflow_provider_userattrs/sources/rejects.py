# SPDX-License-Identifier: Apache-2.0
"""Rejects files on local and object storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_userattrs.push.errors import RefusedConfiguration
from airflow_provider_userattrs.push.outcome import Outcome
from airflow_provider_userattrs.push.rejects import read_lines, write_line
from airflow_provider_userattrs.push.update import MalformedRow, Row


class Rejects:
    """Replay the rows that an earlier push wrote to its ``rejects_path``.

    :param path: the path given there, on any storage that ObjectStoragePath knows; may be a template.
    :param in_doubt: whether to replay also rows that may have been applied, of an operation (EngageLab's
        ``increase``) that is not to be repeated.
    """

    template_fields = ("path",)

    def __init__(self, path: str, *, in_doubt: bool = False) -> None:
        self.path = path
        self.in_doubt = in_doubt

    def rows(self) -> Iterator[Row | MalformedRow]:
        """Yield the rows in the order they were written."""
        target: Any = ObjectStoragePath(self.path)
        with target.open("rt", encoding="utf-8") as lines:
            yield from read_lines(lines, in_doubt=self.in_doubt)


class RejectsWriter:
    """Write the rows of one push that were not accepted, while it goes on.

    The file is made anew when the push begins, so that a path that cannot be written is known before anything is
    sent, and no line of an earlier push stays.

    :param path: where to, on any storage that ObjectStoragePath knows.
    :param idempotent: whether the operation may be repeated.
    :raises RefusedConfiguration: if the path cannot be written.
    """

    def __init__(self, path: str, *, idempotent: bool) -> None:
        self._idempotent = idempotent
        try:
            target: Any = ObjectStoragePath(path)
            if target.protocol in ("", "file"):
                target.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[Any] = target.open("wt", encoding="utf-8")
        except Exception as error:  # each storage has exceptions of its own
            raise RefusedConfiguration(
                f"rejects_path cannot be written ({type(error).__name__}); check the path, the storage's provider "
                "and its connection"
            ) from error

    def write(self, outcome: Outcome) -> None:
        """Write one row."""
        self._file.write(write_line(outcome, idempotent=self._idempotent))
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

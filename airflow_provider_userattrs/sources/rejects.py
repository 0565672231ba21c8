# SPDX-License-Identifier: Apache-2.0
"""Rejects files on local and object storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import IO, Any

from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_userattrs.push.checkpoint import Checkpoint
from airflow_provider_userattrs.push.clock import Clock
from airflow_provider_userattrs.push.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.outcome import Outcome
from airflow_provider_userattrs.push.parts import Part, read_parts, resumption_line
from airflow_provider_userattrs.push.rejects import write_line
from airflow_provider_userattrs.push.update import MalformedRow, Row
from airflow_provider_userattrs.sources.column_types import convert
from airflow_provider_userattrs.sources.lines import split_lines

#: Seconds between two parts on object storage, where a file is there only once it is closed.
_PART_EVERY = 30.0


class Rejects:
    """Replay the rows that an earlier push wrote to its ``rejects_path``, all instances of a mapped task included.

    :param path: the path given there, on any storage that ObjectStoragePath knows; may be a template.
    :param in_doubt: whether to replay also rows that may have been applied, of an operation (EngageLab's
        ``increase``) that is not to be repeated.
    """

    template_fields = ("path",)

    def __init__(self, path: str, *, in_doubt: bool = False) -> None:
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
        """Yield the rows in the order they were written."""
        for parts in _files(self.path):
            yield from read_parts(
                [Part(str(path), partial(_lines, path)) for path in parts], in_doubt=self.in_doubt, convert=convert
            )

    def identity(self) -> Any:
        """Return what changes when the file does."""
        found = []
        for path in chain.from_iterable(_files(self.path)):
            stat = path.stat()
            found.append([str(path), stat.st_size, getattr(stat, "st_mtime", None)])
        return [found, self.in_doubt]


class RejectsWriter:
    """Write the rows of one push that were not accepted, while it goes on.

    The file is made anew when a push begins, so that a path that cannot be written is known before anything is
    sent, and no line of an earlier push stays. A try that goes on with a push writes a part of its own.

    :param path: where to, on any storage that ObjectStoragePath knows.
    :param idempotent: whether the operation may be repeated.
    :param begun: where this try begins; None for the first row.
    :param clock: tells the time.
    :raises RefusedConfiguration: if the path cannot be written.
    """

    def __init__(
        self, path: str, *, idempotent: bool, begun: Checkpoint | None = None, clock: Clock | None = None
    ) -> None:
        self._idempotent = idempotent
        self._clock = clock or Clock()
        self._broken = False
        self._file: IO[Any] | None = None
        resumed = begun if begun and len(begun.tries) > 1 else None
        self.part = resumed.parts if resumed else 1
        try:
            self._path: Any = ObjectStoragePath(path)
            self._is_local = self._path.protocol in ("", "file")
            if not self._path.parent.exists():
                self._path.parent.mkdir(parents=True, exist_ok=True)
            if not resumed:
                for part in _parts(path)[1:]:
                    part.unlink()
            self._open()
        except Exception as error:  # each storage has exceptions of its own
            raise RefusedConfiguration(
                f"rejects_path cannot be written ({type(error).__name__}); check the path, the storage's provider "
                "and its connection"
            ) from error
        if resumed:
            self._append(resumption_line(resumed))

    def write(self, outcome: Outcome) -> None:
        """Write one row.

        :raises RetryLater: if it cannot be written.
        """
        self._append(write_line(outcome, idempotent=self._idempotent))

    def settle(self, *, now: bool) -> bool:
        """Bring what was written to safety; return whether it is.

        :param now: whether it must be now; object storage is spared small files otherwise.
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

        :raises RetryLater: if that fails, and was not known before.
        """
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except Exception as error:
            if not self._broken:
                raise self._failure(error) from error

    def _open(self) -> None:
        path = self._path if self.part == 1 else _part(self._path, self.part)
        self._file = path.open("wt", encoding="utf-8")
        self._opened = self._clock.monotonic()

    def _append(self, line: str) -> None:
        try:
            if self._file is None:
                self.part += 1
                self._open()
            file: Any = self._file
            file.write(line)
            if self._is_local:
                file.flush()
        except Exception as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> RetryLater:
        self._broken = True
        return RetryLater(
            f"rejects_path can no longer be written ({type(error).__name__}); free space or mend the storage, then "
            "retry the task"
        )


def _part(path: Any, number: int) -> Any:
    return path.with_name(f"{path.stem}.part-{number:04d}{path.suffix}")


def _parts(path: str) -> list[Any]:
    """Return a rejects file and its further parts, in their order."""
    first: Any = ObjectStoragePath(path)
    if not first.parent.exists():
        return [first]
    return [first, *sorted(first.parent.glob(f"{first.stem}.part-[0-9]*{first.suffix}"), key=str)]


def _files(path: str) -> list[list[Any]]:
    """Return the parts of a rejects file, and of those of a mapped task's instances."""
    first: Any = ObjectStoragePath(path)
    mapped = (
        sorted(first.parent.glob(f"{first.stem}.map-[0-9]*{first.suffix}"), key=str) if first.parent.exists() else []
    )
    files = [str(each) for each in mapped if ".part-" not in each.name]
    return [_parts(each) for each in ([path, *files] if first.exists() or not files else files)]


def _lines(path: Any) -> Iterator[str]:
    with path.open("rb") as file:
        for line in split_lines(file):
            yield line.decode("utf-8")

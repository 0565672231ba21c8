# SPDX-License-Identifier: Apache-2.0
"""Reads rows from files on local and object storage."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from typing import Any

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.arguments import check_types, refuse_argument
from airflow_provider_userattrs.sources.chunks import one_by_one
from airflow_provider_userattrs.sources.formats import FORMATS, format_of
from airflow_provider_userattrs.sources.paths import path_list, paths_as_text
from airflow_provider_userattrs.sources.storage.columns import check_same
from airflow_provider_userattrs.sources.storage.file_reader import FileReader
from airflow_provider_userattrs.sources.storage.resolved_paths import is_glob, resolve
from airflow_provider_userattrs.sources.storage.stored_files import FileSlice, StoredFile, distinct, list_files

__all__ = ["FileRows"]

log = logging.getLogger(__name__)

_PATH = "give a path such as 's3://conn_id@bucket/users/*.jsonl.gz' or '/data/users.csv', or a list of them"


class FileRows:
    r"""Read rows from JSON lines, CSV or Parquet, on any storage that ObjectStoragePath supports.

    Files whose names end in .gz, .bz2, .xz, .zst, .lz4 or .zip (of one file) are decompressed. A line or a value that
    cannot be read becomes an ``invalid`` row. Files must not change between the tries of a task.

    :param path: a path (text, a `pathlib.Path` or an ObjectStoragePath), a glob, or a list of them; may be a template.
        The files of a glob are read in the order of their names; a file that several paths lead to is read once. CSV
        and Parquet files must all have the same columns, in any order.
    :param format: ``"json"`` (lines), ``"csv"`` (with a header) or ``"parquet"``; None to go by each file's name.
    :param types: column -> type: text, integer, float, decimal, boolean, date, timestamp, time, uuid, json. A CSV
        column without a declared type is text.
    :param null: the field of a CSV file that means NULL: ``""``, the empty one, or another such as ``"\\N"``, beside
        which an empty field is empty text; None for no such field. A field is the same with and without quotes: ``""``
        is empty too. An empty field of a declared type other than text is always NULL.
    :param delimiter: the character between fields of a CSV file.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    template_fields = ("path",)

    def __init__(
        self,
        path: Any,
        format: str | None = None,
        *,
        types: Mapping[str, str] | None = None,
        null: str | None = "",
        delimiter: str = ",",
    ) -> None:
        if format is not None and format not in FORMATS.values():
            refuse_argument("format", format, "give 'json', 'csv', 'parquet' or None")
        if null is not None and not isinstance(null, str):
            refuse_argument("null", null, "give the text that means NULL, or None")
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
            refuse_argument("delimiter", delimiter, "give one character")
        check_types(types)
        self.path = paths_as_text(path, _PATH)
        self.format = format
        self.types = dict(types or {})
        self.null = null
        self.delimiter = delimiter
        #: The files, or row groups of them, that are read; None for all. `shards` splits a source by it.
        self.slices: list[FileSlice] | None = None

    def __repr__(self) -> str:
        return f"FileRows({self.path!r}, format={self.format!r})"

    @property
    def are_alike(self) -> bool:
        """Return whether all rows have the same columns; those of JSON lines may leave some out."""
        return all((self.format or format_of(path)) in ("csv", "parquet") for path in self._paths())

    @property
    def are_declared(self) -> bool:
        """Return whether the files declare their columns. The first line of a CSV file may be a user, not a header."""
        return all((self.format or format_of(path)) == "parquet" for path in self._paths())

    def rows(self, after: Any = None, *, read: set[Any] | None = None) -> Iterator[Row | MalformedRow | Cursor]:
        """Yield the rows and cursors; `chunks` describes the rest."""
        return one_by_one(self.chunks(after, read=read))

    def chunks(self, after: Any = None, *, read: set[Any] | None = None) -> Iterator[Chunk | Cursor]:
        """Yield the rows, in chunks of what is read at once, and cursors.

        :param after: the value of a cursor; None for all rows.
        :param read: files that were read before and are left out; those read now are added.
        :raises MissingFile: if a path or a glob names no file.
        :raises RefusedConfiguration: if a file is not of its format, CSV or Parquet files do not all have the same
            columns, or the cursor's file has changed or is gone.
        :raises RetryLater: if a file cannot be read to its end.
        """
        listed = self._files()
        files = distinct(listed, set() if read is None else read)
        if len(files) < len(listed):
            log.info(
                "path leads to %s, %s of them repeatedly; each is read once",
                counted(len(listed), "file"),
                f"{len(listed) - len(files):,}",
            )
        if len(files) > 1:
            check_same(self._columns(files))
        first = 0 if after is None else _find(files, after)
        for file in files[first:]:
            yield from self._reader.chunks(file, after)
            after = None

    def count(self, *, read: set[Any] | None = None) -> int:
        """Count the rows: Parquet says how many there are, any other format is read once more.

        :param read: files that were counted before and are left out; those counted now are added.
        :raises RefusedConfiguration: if a file is not of its format.
        :raises RetryLater: if a file cannot be read to its end.
        """
        return sum(map(self._reader.count, distinct(self._files(), set() if read is None else read)))

    def identity(self) -> Any:
        """Return a value that changes when a file does; None if a storage does not report changes."""
        files = distinct(self._files(), set())
        if any(file.version[1] is None for file in files):
            return None
        facts = [[[file.name, file.version, file.row_groups] for file in files], list(self._reader)]
        return {"files": len(files), "digest": digest(facts)}

    def reads(self, path: str) -> bool:
        """Return whether a path leads to one of the files, or to one that a glob would match if it existed."""
        other = resolve(path)
        for own in self._paths():
            if not is_glob(own):
                if resolve(own).is_same(other):
                    return True
                continue
            with suppress(FileNotFoundError):
                if other.is_matched_by(resolve(own)) or any(
                    resolve(file.name).is_same(other) for file in list_files(own)
                ):
                    return True
        return False

    def check_resume(self) -> str | None:
        """Return None: files can always be resumed, because the order of their rows is fixed."""
        return None

    def only(self, slices: list[FileSlice]) -> FileRows:
        """Return this source, limited to some slices of its files."""
        limited = copy(self)
        limited.slices = slices
        return limited

    def arguments(self) -> dict[str, Any]:
        """Return the source as JSON, for `from_arguments`."""
        slices = None if self.slices is None else [item._asdict() for item in self.slices]
        return {"path": paths_as_text(self.path, _PATH), **self._reader._asdict(), "slices": slices}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> FileRows:
        """Return the source that `arguments` describes."""
        given = dict(arguments)
        slices = given.pop("slices")
        source = cls(**given)
        if slices is not None:
            source.slices = [
                FileSlice(item["file"], item["version"], item["row_groups"] and tuple(item["row_groups"]))
                for item in slices
            ]
        return source

    def sized_slices(self) -> list[tuple[int, FileSlice]]:
        """Return the slices this source can be split into, with their bytes: files, or row groups of Parquet files."""
        files = distinct(self._files(), set())
        if len(files) > 1:
            check_same(self._columns(files))
        sized: list[tuple[int, FileSlice]] = []
        for file in files:
            row_groups = self._reader.row_group_sizes(file)
            if row_groups is None:
                sized.append((file.version[0] or 0, FileSlice(file.name, file.version)))
            else:
                sized += [
                    (size, FileSlice(file.name, file.version, (index, index + 1)))
                    for index, size in enumerate(row_groups)
                ]
        return sized

    def columns(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the name and the columns of each CSV or Parquet file."""
        yield from self._columns(self._files())

    def column_names(self) -> list[str] | None:
        """Return the columns of the first CSV or Parquet file, which are those of all; None if there is none."""
        return next((names for _, names in self.columns()), None)

    @property
    def _reader(self) -> FileReader:
        return FileReader(self.format, self.types, self.null, self.delimiter)

    def _paths(self) -> list[str]:
        return path_list(self.path)

    def _files(self) -> list[StoredFile]:
        files = [file for path in self._paths() for file in list_files(path)]
        if self.slices is None:
            return files
        by_name = {file.name: file for file in files}
        return [_slice(by_name, item) for item in self.slices]

    def _columns(self, files: Sequence[StoredFile]) -> Iterator[tuple[str, list[str]]]:
        for file in {file.name: file for file in files}.values():
            columns = self._reader.columns(file)
            if columns is not None:
                yield file.name, columns


def _slice(by_name: Mapping[str, StoredFile], item: FileSlice) -> StoredFile:
    file = by_name.get(item.file)
    if file is None or file.version != item.version:
        raise RefusedConfiguration(
            f"{item.file} has changed or is gone since it was split into shards; run the task that calls shards again"
        )
    return file.with_row_groups(item.row_groups)


def _find(files: list[StoredFile], cursor: Any) -> int:
    for index, file in enumerate(files):
        if isinstance(cursor, Mapping) and file.contains(cursor):
            return index
    raise RefusedConfiguration(
        "path: the file in which the last try stopped has changed or is gone; clear the task to start over"
    )

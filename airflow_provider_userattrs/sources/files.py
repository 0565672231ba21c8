# SPDX-License-Identifier: Apache-2.0
"""Rows of files on local and object storage."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from typing import Any

from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.arguments import check_text, check_types, refuse
from airflow_provider_userattrs.sources.formats import FORMATS, format_of
from airflow_provider_userattrs.sources.storage.columns import check_same
from airflow_provider_userattrs.sources.storage.compression import reading_errors
from airflow_provider_userattrs.sources.storage.lines import Lines, check_beginning, read_csv, read_header, read_json
from airflow_provider_userattrs.sources.storage.locations import is_glob, locate
from airflow_provider_userattrs.sources.storage.parquet import group_sizes, parquet_columns, read_parquet
from airflow_provider_userattrs.sources.storage.stored_files import Piece, StoredFile, distinct, list_files
from airflow_provider_userattrs.sources.templates import is_deferred

__all__ = ["FileRows"]

log = logging.getLogger(__name__)

#: Rows between two cursors.
_EVERY = 1_000

_PATH = "give a path such as 's3://conn_id@bucket/users/*.jsonl.gz' or '/data/users.csv', or a list of them"


class FileRows:
    r"""Read rows of JSON lines, CSV or Parquet, on any storage that ObjectStoragePath knows.

    A name that ends with .gz, .bz2, .xz, .zst, .lz4 or .zip (of one file) is decompressed. A line or a value that
    cannot be read becomes an ``invalid`` row. A file that another try may read again must not change in between.

    :param path: a path, a glob, or a list of them; may be a template. The files of a glob are read in the order of
        their names, and a file that several paths lead to is read once. Files of CSV and Parquet have the same columns,
        in any order.
    :param format: ``"json"`` (lines), ``"csv"`` (with a header) or ``"parquet"``; None: by each file's name.
    :param types: column -> type: text, integer, float, decimal, boolean, date, timestamp, time, uuid, json. A column
        of CSV that is not declared is text.
    :param null: the field of a CSV file that means NULL, such as ``""`` or ``"\\N"``; None: there is none. An empty
        field of a declared type other than text is NULL in any case.
    :param delimiter: what stands between fields of a CSV file.
    :raises ValueError: when the DAG is parsed, if an argument cannot work.
    """

    template_fields = ("path",)

    def __init__(
        self,
        path: Any,
        format: str | None = None,
        *,
        types: Mapping[str, str] | None = None,
        null: str | None = None,
        delimiter: str = ",",
    ) -> None:
        if format is not None and format not in FORMATS.values():
            refuse("format", format, "give 'json', 'csv', 'parquet' or None")
        if null is not None and not isinstance(null, str):
            refuse("null", null, "give the text that means NULL, or None")
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
            refuse("delimiter", delimiter, "give one character")
        check_types(types)
        self.path = _as_text(path)
        self.format = format
        self.types = dict(types or {})
        self.null = null
        self.delimiter = delimiter
        #: The files, or row groups of them, that are read; None for all. `shards` splits a source by it.
        self.pieces: list[Piece] | None = None

    def __repr__(self) -> str:
        return f"FileRows({self.path!r}, format={self.format!r})"

    @property
    def are_alike(self) -> bool:
        """Tell whether all rows have the same columns: those of JSON may leave some out."""
        paths = [self.path] if isinstance(self.path, str) else self.path
        return all((self.format or format_of(str(path))) in ("csv", "parquet") for path in paths)

    def rows(self, after: Any = None, *, read: set[Any] | None = None) -> Iterator[Row | MalformedRow | Cursor]:
        """Yield the rows and cursors.

        :param after: a place from one of the cursors; None for all rows.
        :param read: files that were read before, and are not read again; these are added.
        :raises MissingFile: if a path or a glob names no file.
        :raises RefusedConfiguration: if a file is not of its format, CSV or Parquet files have not all the same
            columns, or ``after`` is a place in a file that is not
            there or has changed.
        :raises RetryLater: if a file cannot be read to its end.
        """
        every = self._found()
        files = distinct(every, set() if read is None else read)
        if len(files) < len(every):
            log.info(
                "path leads to %s files, %s of them once more; each is read once", len(every), len(every) - len(files)
            )
        if len(files) > 1:
            check_same(self._columns(files))
        first, place = 0, None
        if after is not None:
            first, place = _find(files, after), after
        for file in files[first:]:
            yield from self._read(file, place)
            place = None

    def identity(self) -> Any:
        """Return what changes when a file does; None where a storage has nothing that tells."""
        found = distinct(self._found(), set())
        if any(file.mark[1] is None for file in found):
            return None
        files = [[file.name, file.mark, file.groups] for file in found]
        options = [self.format, self.types, self.null, self.delimiter]
        parts = json.dumps([files, options], sort_keys=True)
        return {"files": len(files), "digest": hashlib.sha256(parts.encode()).hexdigest()}

    def reads(self, path: str) -> bool:
        """Tell whether a path leads to one of the files, or to one that a glob would find if it were there."""
        other = locate(path)
        for each in self._paths():
            if not is_glob(each):
                if locate(each).is_same(other):
                    return True
                continue
            with suppress(FileNotFoundError):
                if other.is_matched_by(locate(each)) or any(
                    locate(file.name).is_same(other) for file in list_files(each)
                ):
                    return True
        return False

    def check_resume(self) -> str | None:
        """Return None: the order of rows in a file is certain."""
        return None

    def some(self, pieces: list[Piece]) -> FileRows:
        """Return this source for some of its pieces."""
        narrowed = copy(self)
        narrowed.pieces = pieces
        return narrowed

    def arguments(self) -> dict[str, Any]:
        """Return what `from_arguments` makes this source of again, as JSON."""
        pieces = None if self.pieces is None else [piece._asdict() for piece in self.pieces]
        options = {"types": self.types, "null": self.null, "delimiter": self.delimiter}
        return {"path": self.path, "format": self.format, **options, "pieces": pieces}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> FileRows:
        """Return the source that `arguments` described."""
        given = dict(arguments)
        pieces = given.pop("pieces")
        source = cls(**given)
        source.pieces = (
            None
            if pieces is None
            else [Piece(each["file"], each["mark"], each["groups"] and tuple(each["groups"])) for each in pieces]
        )
        return source

    def measure(self) -> list[tuple[int, Piece]]:
        """Return the pieces this source can be split into, each with its bytes: files, or row groups of Parquet."""
        files = distinct(self._found(), set())
        if len(files) > 1:
            check_same(self._columns(files))
        measured: list[tuple[int, Piece]] = []
        for file in files:
            if self._format(file) != "parquet":
                measured.append((file.mark[0] or 0, Piece(file.name, file.mark)))
                continue
            with file.open(compressed=False) as opened:
                sizes = group_sizes(opened, file.name)
            measured += [(size, Piece(file.name, file.mark, (at, at + 1))) for at, size in enumerate(sizes)]
        return measured

    def _paths(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else [str(path) for path in self.path]

    def columns(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the name and the columns of each file of CSV or Parquet."""
        yield from self._columns(self._found())

    def _found(self) -> list[StoredFile]:
        files = [file for path in self._paths() for file in list_files(path)]
        if self.pieces is None:
            return files
        known = {file.name: file for file in files}
        return [_pick(known, piece) for piece in self.pieces]

    def _format(self, file: StoredFile) -> str:
        kind = self.format or format_of(file.name)
        if kind is None:
            raise RefusedConfiguration(
                f"format is not set, and {file.name} tells none; set it to 'json', 'csv' or 'parquet'"
            )
        return kind

    def _columns(self, files: Sequence[StoredFile]) -> Iterator[tuple[str, list[str]]]:
        for file in {file.name: file for file in files}.values():
            kind = self._format(file)
            if kind == "json":
                continue
            with self._opened(file, kind) as opened:
                columns = self._header(Lines(opened), file) if kind == "csv" else parquet_columns(opened, file.name)
            yield file.name, columns

    def _header(self, lines: Lines, file: StoredFile) -> list[str]:
        check_beginning(lines, file.name, "csv")
        return read_header(lines, file.name, self.types, self.delimiter)

    @contextmanager
    def _opened(self, file: StoredFile, kind: str) -> Iterator[Any]:
        with file.open(compressed=kind != "parquet") as opened:
            try:
                yield opened
            except reading_errors() as error:
                raise RetryLater(f"{file.name} cannot be read to its end ({type(error).__name__}: {error})") from error

    def _read(self, file: StoredFile, place: Any) -> Iterator[Row | MalformedRow | Cursor]:
        kind = self._format(file)
        read = self._parquet if kind == "parquet" else self._lines
        with self._opened(file, kind) as opened:
            yield from read(opened, file, kind, place)

    def _lines(self, opened: Any, file: StoredFile, kind: str, place: Any) -> Iterator[Row | MalformedRow | Cursor]:
        lines = Lines(opened)
        header: list[str] = []
        try:
            if kind == "csv":
                header = self._header(lines, file)
            else:
                check_beginning(lines, file.name, kind)
            if place:
                opened.seek(place["offset"])
                lines = Lines(opened, place["line"], place["offset"])
            rows = (
                read_json(lines, file.name, self.types)
                if kind == "json"
                else read_csv(lines, file.name, self.types, header=header, delimiter=self.delimiter, null=self.null)
            )
            for count, row in enumerate(rows, 1):
                yield row
                if count % _EVERY == 0:
                    yield Cursor({**file.place, "line": lines.number, "offset": lines.offset})
        except reading_errors() as error:
            where = f"{file.name}, after line {lines.number}"
            raise RetryLater(f"{where}: cannot be read on ({type(error).__name__}); mend or upload it again") from error

    def _parquet(self, opened: Any, file: StoredFile, _: str, place: Any) -> Iterator[Row | MalformedRow | Cursor]:
        first, behind = file.groups or (0, None)
        group, row = (place["group"], place["row"]) if place else (first, 0)
        for at, read, batch in read_parquet(opened, file.name, self.types, group, row, behind):
            yield from batch
            yield Cursor({**file.place, "group": at, "row": read})


def _as_text(path: Any) -> Any:
    if is_deferred(path):
        return path
    if isinstance(path, os.PathLike) or hasattr(path, "protocol"):
        return str(path)
    if isinstance(path, Sequence) and not isinstance(path, (str, bytes)):
        if not path:
            raise ValueError(f"path is an empty list; {_PATH}")
        return [_as_text(part) for part in path]
    check_text("path", path, _PATH)
    return path


def _pick(known: Mapping[str, StoredFile], piece: Piece) -> StoredFile:
    file = known.get(piece.file)
    if file is None or file.mark != piece.mark:
        raise RefusedConfiguration(f"{piece.file} has changed or is gone since it was split into shards; split anew")
    return file.part(piece.groups)


def _find(files: list[StoredFile], place: Any) -> int:
    for number, file in enumerate(files):
        if isinstance(place, Mapping) and file.holds(place):
            return number
    raise RefusedConfiguration("path: the file in which the last try stopped has changed or is gone; push it anew")

# SPDX-License-Identifier: Apache-2.0
"""Reads one file, from its first row or from a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.chunk import MAX_ROWS, Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.formats import format_of
from airflow_provider_userattrs.sources.storage.compression import reading_errors
from airflow_provider_userattrs.sources.storage.csv_records import read_csv, read_header
from airflow_provider_userattrs.sources.storage.json_lines import read_json
from airflow_provider_userattrs.sources.storage.lines import Lines, check_beginning
from airflow_provider_userattrs.sources.storage.parquet import parquet_columns, read_parquet, row_groups
from airflow_provider_userattrs.sources.storage.stored_files import StoredFile

#: Rows between two cursors; a multiple of the rows of a chunk.
_CURSOR_EVERY = 1_000


class FileReader(NamedTuple):
    """Read files by the options of `FileRows`.

    :param format: ``"json"``, ``"csv"`` or ``"parquet"``; None to go by each file's name.
    :param types: column -> name of a type.
    :param null: the field of a CSV file that means NULL; None for no such field.
    :param delimiter: the character between fields of a CSV file.
    """

    format: str | None
    types: Mapping[str, str]
    null: str | None
    delimiter: str

    def format_of(self, file: StoredFile) -> str:
        """Return a file's format.

        :raises RefusedConfiguration: if it is unknown.
        """
        format = self.format or format_of(file.name)
        if format is None:
            raise RefusedConfiguration(
                f"format is not set, and the name {file.name} does not tell it; set it to 'json', 'csv' or 'parquet'"
            )
        return format

    def columns(self, file: StoredFile) -> list[str] | None:
        """Return a file's columns; None for JSON lines, which do not declare any."""
        format = self.format_of(file)
        if format == "json":
            return None
        with _open(file, format) as opened:
            return self._header(Lines(opened), file) if format == "csv" else parquet_columns(opened, file.name)

    def row_group_sizes(self, file: StoredFile) -> list[int] | None:
        """Return the size of each row group of a Parquet file, in bytes; None for other formats."""
        if self.format_of(file) != "parquet":
            return None
        with file.open(decompress=False) as opened:
            return [group.size for group in row_groups(opened, file.name)]

    def count(self, file: StoredFile) -> int:
        """Return how many rows a file has: Parquet says so, any other format is read.

        :raises RefusedConfiguration: if the file is not of its format.
        :raises RetryLater: if the file cannot be read to its end.
        """
        if self.format_of(file) != "parquet":
            return sum(len(chunk) for chunk in self.chunks(file) if isinstance(chunk, Chunk))
        first, stop = file.row_groups or (0, None)
        with _open(file, "parquet") as opened:
            return sum(group.rows for group in row_groups(opened, file.name)[first:stop])

    def chunks(self, file: StoredFile, after: Any = None) -> Iterator[Chunk | Cursor]:
        """Yield a file's rows, in chunks of what is read at once, and cursors.

        :param file: the file.
        :param after: a cursor of this file; None for all rows.
        :raises RefusedConfiguration: if the file is not of its format.
        :raises RetryLater: if the file cannot be read to its end.
        """
        format = self.format_of(file)
        read = self._parquet if format == "parquet" else self._lines
        with _open(file, format) as opened:
            yield from read(opened, file, format, after)

    def _header(self, lines: Lines, file: StoredFile) -> list[str]:
        check_beginning(lines, file.name, "csv")
        return read_header(lines, file.name, self.types, self.delimiter)

    def _lines(self, opened: Any, file: StoredFile, format: str, after: Any) -> Iterator[Chunk | Cursor]:
        lines = Lines(opened)
        header: list[str] = []
        try:
            if format == "csv":
                header = self._header(lines, file)
            else:
                check_beginning(lines, file.name, format)
            if after:
                opened.seek(after["offset"])
                lines = Lines(opened, after["line"], after["offset"])
            rows = (
                read_json(lines, file.name, self.types)
                if format == "json"
                else read_csv(lines, file.name, self.types, header=header, delimiter=self.delimiter, null=self.null)
            )
            read = 0
            for chunk in _at_hand(rows, lines):
                yield chunk
                read += len(chunk)
                if read % _CURSOR_EVERY == 0:
                    yield Cursor({**file.cursor, "line": lines.number, "offset": lines.offset})
        except reading_errors() as error:
            raise RetryLater(
                f"{file.name} cannot be read{_beyond(lines.number)} ({type(error).__name__}); fix it or upload it again"
            ) from error

    def _parquet(self, opened: Any, file: StoredFile, _: str, after: Any) -> Iterator[Chunk | Cursor]:
        first, stop = file.row_groups or (0, None)
        group, row = (after["row_group"], after["row"]) if after else (first, 0)
        for index, read, chunk in read_parquet(opened, file.name, self.types, group, row, stop):
            yield chunk
            yield Cursor({**file.cursor, "row_group": index, "row": read})


def _at_hand(rows: Iterator[Row | MalformedRow], lines: Lines) -> Iterator[Chunk]:
    """Yield the rows in chunks; none waits until further lines are read from the file.

    :param rows: the rows, made of the lines one after the other.
    :param lines: the lines.
    """
    gathered: list[Any] = []
    try:
        for count, row in enumerate(rows, 1):
            gathered.append(row)
            if count % MAX_ROWS == 0 or not lines.are_at_hand:
                yield Chunk(gathered)
                gathered = []
    except Exception:  # what was read before is pushed
        if gathered:
            yield Chunk(gathered)
        raise
    if gathered:
        yield Chunk(gathered)


def _beyond(line: int) -> str:
    return f" beyond line {line:,}" if line else ""


@contextmanager
def _open(file: StoredFile, format: str) -> Iterator[Any]:
    with file.open(decompress=format != "parquet") as opened:
        try:
            yield opened
        except reading_errors() as error:
            raise RetryLater(
                f"{file.name} cannot be read to its end ({type(error).__name__}: {error}); if a retry does not help, "
                "upload it again"
            ) from error

# SPDX-License-Identifier: Apache-2.0
"""Rows of text files: JSON lines and CSV, read line by line from bytes."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_userattrs.push.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.outcome import Status, Verdict
from airflow_provider_userattrs.push.update import MalformedRow, Row
from airflow_provider_userattrs.sources.column_types import check_columns, convert

#: Bytes read at once.
_BLOCK = 1 << 18

_BOM = b"\xef\xbb\xbf"


class Lines:
    """Give the lines of a file, and tell which was given last and where the next begins.

    :param file: the file, open for reading bytes.
    :param number: lines before the first.
    :param offset: bytes before the first.
    """

    def __init__(self, file: Any, number: int = 0, offset: int = 0) -> None:
        self.number = number
        self.offset = offset
        self._lines = split_lines(file)
        self._back: deque[bytes] = deque()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self._back.popleft() if self._back else next(self._lines)
        self.number += 1
        self.offset += len(line)
        return line

    def give_back(self, lines: list[bytes]) -> None:
        """Take back lines, the last ones given."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)
        self.offset -= sum(map(len, lines))


def split_lines(file: Any) -> Iterator[bytes]:
    """Yield lines; block by block, since asking for a line may cost a request of its own on remote storage.

    :param file: open for reading bytes.
    """
    rest = b""
    while block := file.read(_BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def malformed(file: str, number: int, why: str, raw: bytes) -> MalformedRow:
    """Return what stands for a line that cannot be read."""
    verdict = Verdict(Status.INVALID, "malformed-line", f"{file}, line {number}: {why}", "Mend the line in the file.")
    return MalformedRow(verdict, raw.decode("utf-8", "backslashreplace").rstrip("\r\n"))


def read_json(lines: Lines, file: str, types: Mapping[str, str]) -> Iterator[Row | MalformedRow]:
    """Yield the rows of JSON lines; empty lines are none.

    :param lines: the lines.
    :param file: its name, for errors.
    :param types: column -> name of a type.
    """
    for line in lines:
        if lines.number == 1:
            line = line.removeprefix(_BOM)
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            why = "no UTF-8" if isinstance(error, UnicodeDecodeError) else "no JSON"
            yield malformed(file, lines.number, why, line)
            continue
        if type(row) is not dict:
            yield malformed(file, lines.number, "no JSON object", line)
            continue
        yield _typed(row, types, file, lines.number) if types else row


def read_header(lines: Lines, file: str, types: Mapping[str, str], delimiter: str) -> list[str]:
    """Return the columns of a CSV file, from its first record.

    :raises RefusedConfiguration: if there is none, or it cannot be right.
    """
    try:
        found = _next_record(lines, delimiter)
    except (csv.Error, UnicodeDecodeError):
        found = None
    if found is None:
        raise RefusedConfiguration(f"{file} has no header line; the first line of a CSV file names its columns")
    header = found[0]
    if not all(header):
        raise RefusedConfiguration(f"{file}, line 1: a column has no name; name every column")
    check_columns(header, types, file)
    return header


def read_csv(
    lines: Lines, file: str, types: Mapping[str, str], *, header: list[str], delimiter: str, null: str | None
) -> Iterator[Row | MalformedRow]:
    """Yield the rows of a CSV file, whose records may span lines; empty lines are none.

    A record that cannot be read costs its first line only: reading goes on with the next.

    :param lines: the lines after the header.
    :param file: its name, for errors.
    :param types: column -> name of a type.
    :param header: the columns.
    :param delimiter: what stands between fields.
    :param null: the field that means NULL; None for no such field.
    """
    # An empty field of a number or a date can only mean NULL.
    empty = [column for column, kind in types.items() if kind != "text"]
    while True:
        number = lines.number + 1
        try:
            found = _next_record(lines, delimiter)
        except _BadRecord as bad:
            lines.give_back(bad.lines[1:])
            yield malformed(file, number, bad.why, bad.lines[0])
            continue
        if found is None:
            return
        fields, raw = found
        if not fields:
            continue
        if len(fields) != len(header):
            yield malformed(file, number, f"{len(fields)} fields, the header has {len(header)}", raw)
            continue
        row: dict[str, Any] = dict(zip(header, fields, strict=True))
        if null is not None:
            for column, field in row.items():
                if field == null:
                    row[column] = None
        for column in empty:
            if row[column] == "":
                row[column] = None
        yield _typed(row, types, file, number) if types else row


class _BadRecord(csv.Error):
    def __init__(self, why: str, lines: list[bytes]) -> None:
        super().__init__(why)
        self.why = why
        self.lines = lines


def _next_record(lines: Lines, delimiter: str) -> tuple[list[str], bytes] | None:
    """Return the next record and the bytes it was read from, or None at the end."""
    taken: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield (line.removeprefix(_BOM) if lines.number == 1 else line).decode("utf-8")

    try:
        fields = next(csv.reader(texts(), delimiter=delimiter, strict=True), None)
    except UnicodeDecodeError:
        raise _BadRecord("no UTF-8", taken) from None
    except csv.Error:
        # Its text may repeat the delimiter only, but says nothing an author could use.
        raise _BadRecord("a quote that is not closed, or a field over 128 KiB", taken) from None
    return None if fields is None else (fields, b"".join(taken))


def _typed(row: dict[str, Any], types: Mapping[str, str], file: str, number: int) -> Row | MalformedRow:
    raw = dict(row)
    try:
        convert(row, types)
    except InvalidRow as invalid:
        verdict = invalid.verdict
        where = Verdict(verdict.status, verdict.code, f"{file}, line {number}: {verdict.meaning}", verdict.remedy)
        return MalformedRow(where.on(verdict.attribute or ""), raw)
    return row

# SPDX-License-Identifier: Apache-2.0
"""Rows of text files: JSON lines and CSV, read line by line from bytes."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.rejects.lines import BEGIN as REJECTS_BEGIN
from airflow_provider_userattrs.sources.column_types import convert, decimal_in_json
from airflow_provider_userattrs.sources.storage.columns import HEADER, check_header

#: Bytes read at once.
_BLOCK = 1 << 18

#: Bytes a line may have; no vendor takes a request of that size, and a file without line ends is no file of lines.
LONGEST = 16 << 20

BOM = b"\xef\xbb\xbf"

#: How a file begins -> what it is, if it is no text in UTF-8.
_SIGNATURES = {
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"\x1f\x8b": "compressed with gzip, and its name does not end with .gz",
    b"BZh9": "compressed with bzip2, and its name does not end with .bz2",
    b"\xfd7zXZ\0": "compressed with xz, and its name does not end with .xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd, and its name does not end with .zst",
    b"PK\x03\x04": "a .zip or an Excel file by its first bytes",
    b"PAR1": "Parquet by its first bytes",
}
_SAMPLE = 1_000
_TOO_LONG = f"a line over {LONGEST >> 20} MiB"
_UTF8 = "write it as lines of text in UTF-8, or name it as what it is"


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
        self.offset += len(line) if type(line) is bytes else _size(line)
        return line

    def give_back(self, lines: list[bytes]) -> None:
        """Take back lines, the last ones given."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)
        self.offset -= sum(map(_size, lines))


def _size(line: bytes) -> int:
    return line.size if type(line) is LongLine else len(line)


class LongLine(bytes):
    """Hold the beginning of a line that is too long to be read.

    :param size: how many bytes the line has.
    """

    size: int

    @classmethod
    def of(cls, beginning: bytes, size: int) -> LongLine:
        """Return a line of so many bytes that begins like this."""
        line = cls(beginning)
        line.size = size
        return line


def split_lines(file: Any) -> Iterator[bytes]:
    """Yield lines; block by block, since asking for a line may cost a request of its own on remote storage.

    :param file: open for reading bytes.
    """
    begun: list[bytes] = []  # the blocks of a line whose end has not come yet, as far as they are kept
    size = 0
    while block := file.read(_BLOCK):
        first, *others = block.split(b"\n")
        if others:
            yield _whole(begun, size, first + b"\n")
            *lines, first = others
            for line in lines:
                yield line + b"\n"
            begun, size = [], 0
        if first:
            size += len(first)
            if size <= LONGEST or not begun:
                begun.append(first)
    if size:
        yield _whole(begun, size, b"")


def _whole(begun: list[bytes], size: int, rest: bytes) -> bytes:
    """Return a line made of what came in earlier blocks and in this one."""
    if not begun:
        return rest
    if size + len(rest) > LONGEST:
        return LongLine.of(begun[0], size + len(rest))
    return b"".join((*begun, rest))


def malformed(file: str, number: int, why: str, raw: bytes, detail: str = "") -> MalformedRow:
    """Return what stands for a line that cannot be read.

    :param file: the file's name.
    :param number: the line's, from 1.
    :param why: what is wrong with it, without anything of the line.
    :param raw: the line.
    :param detail: what else the rejects file is to say.
    """
    verdict = Verdict(
        Status.INVALID, "malformed-line", why, "Mend the line in the file.", detail=detail, where=place(file, number)
    )
    return MalformedRow(verdict, raw.decode("utf-8", "backslashreplace").rstrip("\r\n"))


def place(file: str, number: int) -> str:
    """Name a line of a file."""
    return f"{file}, line {number}"


def check_beginning(lines: Lines, file: str, kind: str) -> None:
    """Check that a file is text of a kind that is read line by line; no line is taken.

    :param lines: its lines, from the first on.
    :param file: its name, for errors.
    :param kind: ``"json"`` or ``"csv"``.
    :raises RefusedConfiguration: if it is not.
    """
    taken = list(islice(lines, 1))
    lines.give_back(taken)
    first = taken[0] if taken else b""
    for signature, what in _SIGNATURES.items():
        if first.startswith(signature):
            raise RefusedConfiguration(f"{file} is {what}; {_UTF8}")
    if b"\0" in first[:_SAMPLE]:
        raise RefusedConfiguration(f"{file}, line 1 holds NUL bytes, as UTF-16 and binary files do; {_UTF8}")
    if kind == "json" and first.removeprefix(BOM).lstrip()[:1] == b"[":
        raise RefusedConfiguration(f"{file} is one JSON array; write one object a line, without commas between")
    if kind == "json" and first.startswith(REJECTS_BEGIN.encode()):
        raise RefusedConfiguration(f"{file} is a rejects file; read it with Rejects(path), or keep it out of the glob")


def read_json(lines: Lines, file: str, types: Mapping[str, str]) -> Iterator[Row | MalformedRow]:
    """Yield the rows of JSON lines; empty lines are none.

    :param lines: the lines.
    :param file: its name, for errors.
    :param types: column -> name of a type.
    """
    decimals = [column for column, kind in types.items() if kind == "decimal"]
    for line in lines:
        if lines.number == 1:
            line = line.removeprefix(BOM)
        if not line.strip():
            continue
        if type(line) is LongLine:
            yield malformed(file, lines.number, _TOO_LONG, line)
            continue
        try:
            text = line.decode("utf-8")
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield malformed(file, lines.number, _why_no_row(error), line)
            continue
        if type(row) is not dict:
            yield malformed(file, lines.number, "no JSON object", line)
            continue
        if decimals and any(type(row.get(column)) is float for column in decimals):
            exact = json.loads(text, parse_float=decimal_in_json)  # a float does not hold every digit
            row.update((column, exact[column]) for column in decimals if column in exact)
        yield _typed(row, types, file, lines.number) if types else row


def _why_no_row(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "no UTF-8"
    if isinstance(error, (json.JSONDecodeError, RecursionError)):
        return "no JSON"
    return "JSON with a number of over 4,300 digits, more than Python reads"


def read_header(lines: Lines, file: str, types: Mapping[str, str], delimiter: str) -> list[str]:
    """Return the columns of a CSV file, from its first record.

    :raises RefusedConfiguration: if there is none, or it cannot be right.
    """
    try:
        found = _next_record(lines, delimiter)
    except _BadRecord as bad:
        raise RefusedConfiguration(f"{file}, line 1: {bad.why}; {HEADER}") from None
    if found is None:
        raise RefusedConfiguration(f"{file} has no header line; {HEADER}")
    header = found[0]
    check_header(header, file, types, delimiter)
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
            why = f"{'fewer' if len(fields) < len(header) else 'more'} fields than the header"
            yield malformed(file, number, why, raw, f"{len(fields)} fields, the header has {len(header)}")
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
            if type(line) is LongLine:
                raise _BadRecord(_TOO_LONG, taken)
            yield (line.removeprefix(BOM) if lines.number == 1 else line).decode("utf-8")

    try:
        fields = next(csv.reader(texts(), delimiter=delimiter, strict=True), None)
    except UnicodeDecodeError:
        raise _BadRecord("no UTF-8", taken) from None
    except _BadRecord:
        raise
    except csv.Error:
        # Its text may repeat the delimiter only, but says nothing an author could use.
        raise _BadRecord("a quote that is not closed, or a field over 128 KiB", taken) from None
    return None if fields is None else (fields, b"".join(taken))


def _typed(row: dict[str, Any], types: Mapping[str, str], file: str, number: int) -> Row | MalformedRow:
    raw = dict(row)
    try:
        convert(row, types)
    except InvalidRow as invalid:
        return MalformedRow(invalid.verdict.at(place(file, number)), raw, types)
    return row

# SPDX-License-Identifier: Apache-2.0
"""Reads rows from CSV, whose records may span several lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.column_types import convert_row
from airflow_provider_userattrs.sources.storage.columns import HEADER, check_header
from airflow_provider_userattrs.sources.storage.lines import BOM, Lines, LongLine
from airflow_provider_userattrs.sources.storage.malformed import NOT_UTF8, TOO_LONG, line_location, malformed_line


def read_header(lines: Lines, file: str, types: Mapping[str, str], delimiter: str) -> list[str]:
    """Return the columns of a CSV file, from its first record.

    :raises RefusedConfiguration: if there is none, or it cannot be a header.
    """
    try:
        record = _next_record(lines, delimiter)
    except _BadRecord as bad:
        raise RefusedConfiguration(f"{file}, line 1: {bad.meaning}; {HEADER}") from None
    if record is None:
        raise RefusedConfiguration(f"{file} has no header line; {HEADER}")
    header = record[0]
    check_header(header, file, types, delimiter)
    return header


def read_csv(
    lines: Lines, file: str, types: Mapping[str, str], *, header: list[str], delimiter: str, null: str | None
) -> Iterator[Row | MalformedRow]:
    """Yield the rows of a CSV file. Empty lines are skipped.

    A record that cannot be read costs its first line only: reading continues with the next line.

    :param lines: the lines after the header.
    :param file: the file's name, for errors.
    :param types: column -> name of a type.
    :param header: the columns.
    :param delimiter: the character between fields.
    :param null: the field that means NULL; None for no such field.
    """
    # In a column of numbers or dates an empty field can only mean NULL.
    not_text = [column for column, kind in types.items() if kind != "text"]
    locate = partial(line_location, file)
    while True:
        number = lines.number + 1
        try:
            record = _next_record(lines, delimiter)
        except _BadRecord as bad:
            lines.give_back(bad.lines[1:])
            yield malformed_line(locate(number), bad.meaning, bad.lines[0])
            continue
        if record is None:
            return
        fields, raw = record
        if not fields:
            continue
        if len(fields) != len(header):
            meaning = f"{'fewer' if len(fields) < len(header) else 'more'} fields than the header"
            detail = f"{counted(len(fields), 'field')}, the header has {len(header):,}"
            yield malformed_line(locate(number), meaning, raw, detail)
            continue
        row: dict[str, Any] = dict(zip(header, fields, strict=True))
        if null is not None:
            for column, field in row.items():
                if field == null:
                    row[column] = None
        for column in not_text:
            if row[column] == "":
                row[column] = None
        yield convert_row(row, types, locate, number) if types else row


class _BadRecord(csv.Error):
    def __init__(self, meaning: str, lines: list[bytes]) -> None:
        super().__init__(meaning)
        self.meaning = meaning
        self.lines = lines


def _next_record(lines: Lines, delimiter: str) -> tuple[list[str], bytes] | None:
    """Return the fields of the next record and the bytes they were read from, or None at the end."""
    taken: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            if type(line) is LongLine:
                raise _BadRecord(TOO_LONG, taken)
            yield (line.removeprefix(BOM) if lines.number == 1 else line).decode("utf-8")

    try:
        fields = next(csv.reader(texts(), delimiter=delimiter, strict=True), None)
    except UnicodeDecodeError:
        raise _BadRecord(NOT_UTF8, taken) from None
    except _BadRecord:
        raise
    except csv.Error:
        # csv's own messages do not say what is wrong in terms an author could act on.
        raise _BadRecord("a quote that is not closed, or a field over 128 KiB", taken) from None
    return None if fields is None else (fields, b"".join(taken))

# SPDX-License-Identifier: Apache-2.0
"""Rows of files that cannot be read, and where they are: each becomes an ``invalid`` row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.sources.column_types import convert
from airflow_provider_userattrs.sources.storage.lines import MAX_LINE

NOT_UTF8 = "no UTF-8"
TOO_LONG = f"a line over {MAX_LINE >> 20} MiB"


def line_location(file: str, number: int) -> str:
    """Return the location of a line, from 1."""
    return f"{file}, line {number}"


def malformed_line(file: str, number: int, meaning: str, raw: bytes, detail: str = "") -> MalformedRow:
    """Return the row for a line that cannot be read.

    :param file: the file's name.
    :param number: the line's number, from 1.
    :param meaning: what is wrong with the line; must not repeat its content.
    :param raw: the line.
    :param detail: further facts, for the rejects file alone.
    """
    verdict = Verdict(
        Status.INVALID,
        "malformed-line",
        meaning,
        "Fix the line in the file.",
        detail=detail,
        location=line_location(file, number),
    )
    return MalformedRow(verdict, raw.decode("utf-8", "backslashreplace").rstrip("\r\n"))


def convert_row(row: dict[str, Any], types: Mapping[str, str], file: str, line: int) -> Row | MalformedRow:
    """Return a row with its values converted to the declared types, or a malformed one.

    :param row: the row, converted in place.
    :param types: column -> name of a type.
    :param file: the file's name.
    :param line: the number of the row's first line, from 1.
    """
    raw = dict(row)
    try:
        convert(row, types)
    except InvalidRow as invalid:
        return MalformedRow(invalid.verdict.at(line_location(file, line)), raw, types)
    return row

# SPDX-License-Identifier: Apache-2.0
"""Reads rows from JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial

from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.column_types import convert_row, decimal_in_json
from airflow_provider_userattrs.sources.storage.lines import BOM, Lines, LongLine
from airflow_provider_userattrs.sources.storage.malformed import NOT_UTF8, TOO_LONG, line_location, malformed_line


def read_json(lines: Lines, file: str, types: Mapping[str, str]) -> Iterator[Row | MalformedRow]:
    """Yield the rows of JSON lines. Empty lines are skipped.

    :param lines: the lines.
    :param file: the file's name, for errors.
    :param types: column -> name of a type.
    """
    decimals = [column for column, kind in types.items() if kind == "decimal"]
    locate = partial(line_location, file)
    for line in lines:
        if lines.number == 1:
            line = line.removeprefix(BOM)
        if not line.strip():
            continue
        if type(line) is LongLine:
            yield malformed_line(locate(lines.number), TOO_LONG, line)
            continue
        try:
            text = line.decode("utf-8")
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield malformed_line(locate(lines.number), _meaning(error), line)
            continue
        if type(row) is not dict:
            yield malformed_line(locate(lines.number), "text that is not a JSON object", line)
            continue
        if decimals and any(type(row.get(column)) is float for column in decimals):
            exact = json.loads(text, parse_float=decimal_in_json)  # a float does not hold every digit
            row.update((column, exact[column]) for column in decimals if column in exact)
        yield convert_row(row, types, locate, lines.number) if types else row


def _meaning(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF8
    if isinstance(error, (json.JSONDecodeError, RecursionError)):
        return "text that is not JSON"
    return "JSON with a number of over 4,300 digits, more than Python reads"

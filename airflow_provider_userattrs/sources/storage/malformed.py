# SPDX-License-Identifier: Apache-2.0
"""Rows of files that cannot be read, and where they are: each becomes an ``invalid`` row."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.sources.storage.lines import MAX_LINE

NOT_UTF8 = "text that is not UTF-8"
TOO_LONG = f"a line over {MAX_LINE >> 20} MiB"


def line_location(file: str, number: int) -> str:
    """Return where a line is.

    :param file: the file's name.
    :param number: the line's number, from 1.
    """
    return f"{file}, line {number:,}"


def malformed_line(location: str, meaning: str, raw: bytes, detail: str = "") -> MalformedRow:
    """Return the row for a line that cannot be read.

    :param location: the line's location.
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
        location=location,
    )
    return MalformedRow(verdict, raw.decode("utf-8", "backslashreplace").rstrip("\r\n"))

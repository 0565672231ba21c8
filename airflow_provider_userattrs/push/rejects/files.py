# SPDX-License-Identifier: Apache-2.0
"""The parts of a rejects file, one or more for each try of a push that was resumed.

A try that was killed may have written rows that the next one sent again. So each further try begins its part with a
line that names the rows finished before; for all others, only what the later try wrote counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.rejects.lines import BEGIN, ConvertRow, read_lines
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint


class Part(NamedTuple):
    """One part of a rejects file.

    :param name: its name.
    :param lines: opens it and yields its lines.
    """

    name: str
    lines: Callable[[], Iterator[str]]


def head_line(facts: Mapping[str, Any], checkpoint: Checkpoint | None = None) -> str:
    """Return the line with which a part begins.

    :param facts: the task instance, and other fields.
    :param checkpoint: where a try that resumes a push begins; None for the first row.
    """
    resumed = {} if checkpoint is None else {"resumed": {"below": checkpoint.below, "gaps": checkpoint.gaps}}
    return f"{BEGIN}{json.dumps({**facts, **resumed}, separators=(',', ':'))}}}\n"


def read_head(line: str) -> dict[str, Any]:
    """Return the arguments of `head_line`, read from a part's first line."""
    if not line.startswith(BEGIN):
        return {}
    try:
        head = json.loads(line)["rejects"]
    except (ValueError, RecursionError):
        return {}
    return head if isinstance(head, dict) else {}


def read_parts(
    parts: Sequence[Part], *, in_doubt: bool = False, convert: ConvertRow | None = None
) -> Iterator[Row | MalformedRow]:
    """Yield the rows of a rejects file, each once.

    :param parts: the parts in their order.
    :param in_doubt: whether to yield also rows that may have been applied, of an operation that is not to be repeated.
    :param convert: converts a row to the types that were declared for its columns.
    """
    resumptions = [read_head(next(part.lines(), "")).get("resumed") for part in parts]
    for number, part in enumerate(parts):
        later = [resumption for resumption in resumptions[number + 1 :] if resumption]
        # A line that no longer counts is left empty, so that the others keep their numbers.
        lines = (line if _counts(line, later) else "" for line in part.lines())
        yield from read_lines(lines, in_doubt=in_doubt, convert=convert, file=part.name)


def _counts(line: str, later: Sequence[dict[str, Any]]) -> bool:
    """Return whether no later try recorded a line's row again."""
    if not later:
        return True
    try:
        position = json.loads(line)["position"]
        return all(_finished(position, resumption) for resumption in later)
    except (ValueError, KeyError, TypeError, RecursionError):
        return True  # no line of ours; it is reported where the rows are read


def _finished(position: int, resumption: dict[str, Any]) -> bool:
    below: int = resumption["below"]
    return position < below and not any(first <= position < end for first, end in resumption["gaps"])

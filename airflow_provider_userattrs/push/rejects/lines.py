# SPDX-License-Identifier: Apache-2.0
"""Rows that were not accepted, to JSON lines and back.

A line holds personal data, the row itself, so a file of them is written only where the author asks for it. Values
that JSON does not know are kept with their type, so that a replay sends what the first push would have sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

from airflow_provider_userattrs.push.mapping.scalars import plain
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

#: The start of a line about the file itself, without a row.
BEGIN = '{"rejects":'

_TYPE = "$type"

#: type -> its name in a line, how it is written, how it is read back; a datetime is a date, so it comes first.
_TYPES: tuple[tuple[type, str, Any, Any], ...] = (
    (Decimal, "decimal", str, Decimal),
    (UUID, "uuid", str, UUID),
    (datetime, "datetime", datetime.isoformat, datetime.fromisoformat),
    (date, "date", date.isoformat, date.fromisoformat),
    (time, "time", time.isoformat, time.fromisoformat),
    (bytes, "bytes", lambda value: base64.b64encode(value).decode("ascii"), base64.b64decode),
    (float, "float", lambda value: repr(float(value)), float),
)
#: Python reads and writes integers as text up to 4,300 digits, some 14,280 bits.
_MAX_BITS = 14_000

_READERS = {name: read for _, name, _, read in _TYPES}


#: Turns a row into declared types, in place.
Convert: TypeAlias = Callable[[dict[str, Any], Mapping[str, str]], None]


class Opaque:
    """A value whose type a line cannot represent; no vendor takes it either."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def write_line(outcome: Outcome, *, idempotent: bool) -> str:
    """Return a row that was not accepted as one line of JSON.

    :param outcome: the row and its verdict.
    :param idempotent: whether the operation may be repeated; if not, a row in doubt, or applied
        in part, is marked not to be replayed.
    """
    verdict = outcome.verdict
    row = outcome.row
    line = {
        "position": outcome.position,
        "user": _encode(outcome.user),
        "status": verdict.status.value,
        "code": verdict.code,
        "reason": verdict.meaning,
        "attribute": verdict.attribute,
        "detail": verdict.detail,
        "location": verdict.location,
        "replay": idempotent or verdict.status not in (Status.UNKNOWN, Status.PARTIAL),
        "row": _encode(row.raw if isinstance(row, MalformedRow) else row),
    }
    if isinstance(row, MalformedRow) and row.types:
        line["types"] = dict(row.types)  # of a row as it was before they were applied: a replay applies them
    return json.dumps(line, separators=(",", ":")) + "\n"


def read_lines(
    lines: Iterable[str], *, in_doubt: bool = False, convert: Convert | None = None, file: str = ""
) -> Iterator[Row | MalformedRow]:
    """Yield the rows of a rejects file.

    :param lines: the file's lines.
    :param in_doubt: whether to yield also rows that may have been applied, of an operation that is not to be repeated.
    :param convert: turns a row into the types that were declared for its columns, in place.
    :param file: the file's name.
    """
    for number, text in enumerate(lines, 1):
        if not text.strip() or text.startswith(BEGIN):
            continue
        location = f"{file}, line {number:,}" if file else f"line {number:,}"
        try:
            line = json.loads(text)
            row, replay, types = _decode(line["row"]), line["replay"], dict(line.get("types", ()))
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
            yield MalformedRow(
                Verdict(
                    Status.INVALID,
                    "malformed-line",
                    "no line of a rejects file",
                    "Write the file with rejects_path, and change only values in it.",
                    location=location,
                ),
                text,
            )
            continue
        if replay or in_doubt:
            yield _converted(row, types, convert, location) if types and convert and isinstance(row, dict) else row


def _converted(row: dict[str, Any], types: dict[str, str], convert: Convert, location: str) -> Row | MalformedRow:
    raw = dict(row)
    try:
        convert(row, types)
    except InvalidRow as invalid:
        return MalformedRow(invalid.verdict.at(location), raw, types)
    return row


def _encode(value: Any) -> Any:
    try:
        return _encoded(value)
    except Exception:  # a value may run code of its own; whatever that raises, its row has a place in the file
        return _opaque(value)


def _encoded(value: Any) -> Any:
    value = plain(value)  # as which it would have been sent
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return _opaque(value)
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, Opaque):
        return {_TYPE: "opaque", "value": value.text}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and _TYPE not in value:
            return {key: _encode(item) for key, item in value.items()}
        return {_TYPE: "mapping", "value": [[_encode_key(key), _encode(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_encode(item) for item in value]
    for kind, name, write, _ in _TYPES:
        if isinstance(value, kind):
            # A missing time of a data-frame library is a datetime that differs from itself.
            return {_TYPE: name, "value": write(value)} if name == "float" or value == value else _opaque(value)
    return _opaque(value)


def _encode_key(key: Any) -> Any:
    # A list cannot be a key; as a value, a tuple is read back as a list.
    return {_TYPE: "tuple", "value": [_encode_key(part) for part in key]} if isinstance(key, tuple) else _encode(key)


def _opaque(value: Any) -> dict[str, str]:
    return {_TYPE: "opaque", "value": type(value).__name__}


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TYPE not in value:
        return {key: _decode(item) for key, item in value.items()}
    name, content = value[_TYPE], value["value"]
    if name == "mapping":
        return {_decode(key): _decode(item) for key, item in content}
    if name == "tuple":
        return tuple(_decode(content))
    if name == "opaque":
        return Opaque(content)
    return _READERS[name](content)

# SPDX-License-Identifier: Apache-2.0
"""Rows that were not accepted, to JSON lines and back.

A line holds personal data, the row itself, so a file of them is written only where the author asks for it. Values
that JSON does not know are kept with their type, so that a replay sends what the first push would have sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from airflow_provider_userattrs.push.mapping.scalars import plain
from airflow_provider_userattrs.push.model import json_values
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

#: The start of a line about the file itself, without a row.
BEGIN = '{"rejects":'

_TYPE = "$type"

#: Types that JSON has; floats are not among them, for they may be infinite.
_PLAIN = frozenset({str, int, bool, type(None)})

_NAMES = frozenset({str})

#: Types whose values are what they seem, unlike those of subclasses.
_TYPED = frozenset({Decimal, datetime, date, UUID, bytes})

#: Python reads and writes integers as text up to 4,300 digits, some 14,280 bits.
_MAX_BITS = 14_000

#: Converts a row to declared types: given the row, column -> type, what returns the location of a line, and its number.
ConvertRow: TypeAlias = Callable[[dict[str, Any], Mapping[str, str], Callable[[int], str], int], "Row | MalformedRow"]


class Opaque:
    """A value whose type a line cannot represent; no vendor takes it either."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def write_lines(outcomes: Sequence[Outcome], *, idempotent: bool) -> str:
    """Return rows that were not accepted, each as one line of JSON.

    :param outcomes: the rows and their verdicts.
    :param idempotent: whether the operation may be repeated; if not, a row in doubt, or applied
        in part, is marked not to be replayed.
    """
    return "".join([_line(outcome, idempotent) for outcome in outcomes])


def _line(outcome: Outcome, idempotent: bool) -> str:
    verdict = outcome.verdict
    row = outcome.row
    raw = row.raw if isinstance(row, MalformedRow) else row
    status = verdict.status
    line = {
        "position": outcome.position,
        "user": _encode_row(outcome.user),
        "status": status.value,
        "code": verdict.code,
        "reason": verdict.meaning,
        "attribute": verdict.attribute,
        "detail": verdict.detail,
        "location": verdict.location,
        "replay": idempotent or status not in (Status.UNKNOWN, Status.PARTIAL),
        "row": _encode_row(raw),
    }
    if verdict.request_id:
        line["request_id"] = verdict.request_id
    if isinstance(row, MalformedRow) and row.types:
        line["types"] = dict(row.types)  # of a row as it was before they were applied: a replay applies them
    try:
        text = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if text.isascii():
            return text.decode()
    except TypeError:  # lone surrogates, and integers of more than 64 bits
        pass
    whole = {**line, "user": _encode(outcome.user), "row": _encode(raw)}
    return json.dumps(whole, separators=(",", ":")) + "\n"


def read_lines(
    lines: Iterable[str], *, in_doubt: bool = False, convert: ConvertRow | None = None, file: str = ""
) -> Iterator[Row | MalformedRow]:
    """Yield the rows of a rejects file.

    :param lines: the file's lines.
    :param in_doubt: whether to yield also rows that may have been applied, of an operation that is not to be repeated.
    :param convert: converts a row to the types that were declared for its columns.
    :param file: the file's name.
    """

    def locate(number: int) -> str:
        return f"{file}, line {number:,}" if file else f"line {number:,}"

    for number, text in enumerate(lines, 1):
        if not text.strip() or is_head(text):
            continue
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
                    location=locate(number),
                ),
                text,
            )
            continue
        if replay or in_doubt:
            yield convert(row, types, locate, number) if types and convert and isinstance(row, dict) else row


def is_head(text: str) -> bool:
    """Return whether a line is the one with which a file begins; one that is cut off is none."""
    if not text.startswith(BEGIN):
        return False
    try:
        return isinstance(json.loads(text)["rejects"], dict)
    except (ValueError, RecursionError):
        return False


def _encode_row(row: Any) -> Any:
    """Return a row, or a user; integers may be too long for text, which orjson refuses to write then."""
    if type(row) in _PLAIN:
        return row
    if type(row) is not dict or _TYPE in row or not _NAMES.issuperset(map(type, row)):
        return _encode(row)
    if _PLAIN.issuperset(map(type, row.values())):
        return row
    return {name: value if type(value) in _PLAIN else _encode(value) for name, value in row.items()}


def _encode(value: Any) -> Any:
    try:
        kind = type(value)
        if kind is float:
            return value if isfinite(value) else _typed(value)
        return _typed(value) if kind in _TYPED and value == value else _encoded(value)
    except Exception:  # a value may run code of its own; whatever that raises, its row is written
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
    # A missing time of a data-frame library is a datetime that differs from itself.
    return _typed(value) if isinstance(value, float) or value == value else _opaque(value)


def _typed(value: Any) -> Any:
    encoded = json_values.encode(value)
    return _opaque(value) if encoded is None else {_TYPE: encoded[0], "value": encoded[1]}


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
    return json_values.decode(name, content)

# SPDX-License-Identifier: Apache-2.0
"""Values as JSON with the name of their type, for types that JSON does not know."""

from __future__ import annotations

import base64
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

#: type -> its name, how a value is written, how it is read back. A subclass comes before its class.
_TYPES: tuple[tuple[type, str, Any, Any], ...] = (
    (int, "int", int, int),
    (str, "str", str, str),
    (Decimal, "decimal", str, Decimal),
    (UUID, "uuid", str, UUID),
    (datetime, "datetime", datetime.isoformat, datetime.fromisoformat),
    (date, "date", date.isoformat, date.fromisoformat),
    (time, "time", time.isoformat, time.fromisoformat),
    (bytes, "bytes", lambda value: base64.b64encode(value).decode("ascii"), base64.b64decode),
    (float, "float", lambda value: repr(float(value)), float),
)

_READERS = {name: read for _, name, _, read in _TYPES}


def encode(value: Any) -> tuple[str, Any] | None:
    """Return the name of a value's type and the value as JSON, or None if it is of any other type."""
    for kind, name, write, _ in _TYPES:
        if isinstance(value, kind):
            return name, write(value)
    return None


def decode(name: str, written: Any) -> Any:
    """Return the value that `encode` wrote.

    :param name: the name of its type.
    :param written: the value as JSON.
    :raises LookupError: if there is no such type; an error of the type's own, such as ValueError, if it is none of its
        values.
    """
    return _READERS[name](written)

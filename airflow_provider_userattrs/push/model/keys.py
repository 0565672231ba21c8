# SPDX-License-Identifier: Apache-2.0
"""Keys of rows: at the sides of a gap between finished rows, and as JSON with the name of their type."""

from __future__ import annotations

import base64
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.kinds import kind_of

#: type -> its name, how it is written, how it is read back. A subclass comes before its class.
_TYPES: tuple[tuple[type, str, Any, Any], ...] = (
    (int, "int", int, int),
    (str, "str", str, str),
    (UUID, "uuid", str, UUID),
    (datetime, "datetime", datetime.isoformat, datetime.fromisoformat),
    (date, "date", date.isoformat, date.fromisoformat),
    (Decimal, "decimal", str, Decimal),
    (bytes, "bytes", lambda key: base64.b64encode(key).decode("ascii"), base64.b64decode),
)

#: Those that may name a person: an e-mail address is text. Integers and UUIDs are ids, the rest are times and amounts.
PERSONAL = ("str", "bytes")

_READERS = {name: read for _, name, _, read in _TYPES}


#: The keys of the finished rows at one side of a gap: one, or several that a database may take for the same, in their
#: order; none where the gap is open.
Edge: TypeAlias = tuple[Any, ...]


class Gap(NamedTuple):
    """Hold the finished rows on both sides of unfinished ones.

    :param after: the finished rows before them; none if it begins at the first row.
    :param before: the finished rows behind them; none if it goes on to the last row.
    """

    after: Edge
    before: Edge


def encode_key(key: Any) -> list[Any]:
    """Return a key as JSON, with the name of its type.

    :raises RefusedConfiguration: if JSON cannot hold it exactly.
    """
    if not isinstance(key, bool) and not (isinstance(key, Decimal) and not key.is_finite()):
        for kind, name, write, _ in _TYPES:
            if isinstance(key, kind):
                return [name, write(key)]
    raise RefusedConfiguration(
        f"key holds {_named(key)}; give a column that is never NULL and holds "
        "integers, text, UUIDs, dates, timestamps or decimals"
    )


def _named(key: Any) -> str:
    if key is None:
        return "a NULL"
    if isinstance(key, Decimal) and not key.is_finite():
        return "a NaN" if key.is_nan() else "an infinity"
    return kind_of(key)


def decode_key(encoded: Any) -> Any:
    """Return the key that `encode_key` wrote.

    :raises ValueError: if it is none.
    """
    try:
        name, text = encoded
        return _READERS[name](text)
    except (ValueError, TypeError, LookupError, ArithmeticError):
        raise ValueError("not an encoded key") from None


def size_of(edge: Edge) -> int:
    """Return about how many bytes an edge takes as JSON."""
    return 2 + sum(4 + len(str(key).encode("utf-8", "surrogatepass")) for key in edge)

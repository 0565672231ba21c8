# SPDX-License-Identifier: Apache-2.0
"""Keys of rows: at the sides of a gap between finished rows, and as JSON with the name of their type."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from airflow_provider_userattrs.push.model import json_values
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.kinds import kind_of

#: The types that a key may have, by their names as JSON.
_TYPES = ("int", "str", "uuid", "datetime", "date", "decimal", "bytes")

#: Those that may name a person: an e-mail address is text. Integers and UUIDs are ids, the rest are times and amounts.
PERSONAL = ("str", "bytes")

#: The keys of the finished rows at one side of a gap, in their order: one, or several that a database may consider
#: equal; none if the gap has no end on that side.
Edge: TypeAlias = tuple[Any, ...]


class Gap(NamedTuple):
    """The finished rows on both sides of unfinished ones.

    :param after: the finished rows before them; none if it begins at the first row.
    :param before: the finished rows after them; none if it reaches the last row.
    """

    after: Edge
    before: Edge


def encode_key(key: Any) -> list[Any]:
    """Return a key as JSON, with the name of its type.

    :raises RefusedConfiguration: if JSON cannot hold it exactly.
    """
    if not isinstance(key, bool) and not (isinstance(key, Decimal) and not key.is_finite()):
        encoded = json_values.encode(key)
        if encoded is not None and encoded[0] in _TYPES:
            return list(encoded)
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
        name, written = encoded
        return json_values.decode(name, written)
    except (ValueError, TypeError, LookupError, ArithmeticError):
        raise ValueError("not an encoded key") from None


def may_be_equal(one: Any, other: Any) -> bool:
    """Return whether a database may take two different keys for the same: texts, each by its own collation."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    # Most keys that follow each other end otherwise, which no folding changes: it takes some microseconds.
    ends = one[-1:] + other[-1:]
    if ends.isascii() and ends.isalnum() and ends[0].lower() != ends[-1].lower():
        return False
    return _fold(one) == _fold(other)


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower().strip()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()


def size_of(edge: Edge) -> int:
    """Return about how many bytes an edge takes as JSON."""
    return 2 + sum(4 + len(str(key).encode("utf-8", "surrogatepass")) for key in edge)

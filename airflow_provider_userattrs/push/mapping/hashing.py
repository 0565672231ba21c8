# SPDX-License-Identifier: Apache-2.0
"""The SHA-256 of a column's value, in place of the value."""

from __future__ import annotations

import hashlib
from typing import Any

from airflow_provider_userattrs.push.mapping.ids import id_text
from airflow_provider_userattrs.push.mapping.values import ValueTable, unsupported_type


def hashing(table: ValueTable) -> ValueTable:
    """Return a table whose converters hash a value, and convert the hash as text; a blank text becomes None.

    :param table: the attribute's table.
    """
    convert = table[str]

    def hash_then_convert(value: Any) -> Any:
        text = _normalized(value)
        return convert(_sha256(text)) if text else None

    return ValueTable({str: hash_then_convert, int: hash_then_convert, object: hash_then_convert})


def hashed(value: Any) -> str:
    """Return the SHA-256 of a value's text, stripped and in lower case, as hex."""
    return _sha256(_normalized(value))


def _normalized(value: Any) -> str:
    text = id_text(value)
    if text is None:
        unsupported_type(type(value))(value)
    return str(text).strip().lower()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

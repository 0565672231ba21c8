# SPDX-License-Identifier: Apache-2.0
"""What is sent in place of a column's value: its hash, its phone number, or what a function makes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from airflow_provider_userattrs.columns import Derived, Hashed, Phone, Using
from airflow_provider_userattrs.push.mapping.ids import id_text
from airflow_provider_userattrs.push.mapping.phones import check_region, phone_text
from airflow_provider_userattrs.push.mapping.values import ValueTable, unsupported_type
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

_MAX_NAME_LENGTH = 60


def deriving(source: Derived, table: ValueTable) -> ValueTable:
    """Return a table whose converters derive a value from a column's, and convert that; they return None for a NULL.

    :param source: what the author wrote in place of a column.
    :param table: the attribute's table.
    :raises RefusedConfiguration: if it cannot be.
    """
    return _TABLES[type(source)](source, table)


def hashed(value: Any, source: Hashed | None = None) -> str:
    """Return the hash of a value, as lower-case hex; an empty text if there is nothing but blanks.

    :param value: the value.
    :param source: how it is hashed; None for the SHA-256 of the text, stripped and in lower case.
    """
    source = source or Hashed("")
    text = phone_text(value, source.region) if source.normalize == "phone" else _text(value)
    if not text.strip():
        return ""
    if source.normalize == "email":
        text = text.strip().lower()
    return hashlib.new(source.algorithm, text.encode(), usedforsecurity=False).hexdigest()


def _hashing(source: Hashed, table: ValueTable) -> ValueTable:
    check_region(source.region)
    return _by_text(lambda value: hashed(value, source), table)


def _phones(source: Phone, table: ValueTable) -> ValueTable:
    check_region(source.region)
    return _by_text(lambda value: phone_text(value, source.region), table)


def _by_text(derive: Callable[[Any], str], table: ValueTable) -> ValueTable:
    """Return a table by which an attribute is a text that is made of the value; an empty one becomes None."""
    convert = table[str]

    def derive_then_convert(value: Any) -> Any:
        text = derive(value)
        return convert(text) if text else None

    return ValueTable({str: derive_then_convert, int: derive_then_convert, object: derive_then_convert})


def _using(source: Using, table: ValueTable) -> ValueTable:
    function = source.function
    name = printable(source.name, _MAX_NAME_LENGTH)

    def call_then_convert(value: Any) -> Any:
        try:
            made = function(value)
        except Exception as error:  # its text may repeat the value
            raise InvalidRow(_raised(name, type(error).__name__)) from None
        return None if made is None else table[type(made)](made)

    return ValueTable({object: call_then_convert})


def _raised(name: str, error: str) -> Verdict:
    return Verdict(
        Status.INVALID,
        "using",
        f"{name} raised {error}",
        "Correct the value or the function; what the function cannot convert it may return None for.",
    )


def _text(value: Any) -> str:
    text = id_text(value)
    if text is None:
        unsupported_type(type(value))(value)
    return str(text)


_TABLES: dict[type[Derived], Callable[[Any, ValueTable], ValueTable]] = {
    Hashed: _hashing,
    Phone: _phones,
    Using: _using,
}

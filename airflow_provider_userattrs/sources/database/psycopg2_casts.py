# SPDX-License-Identifier: Apache-2.0
"""psycopg2's casts: times come as text, which is read many at once, and what cannot be read as `Unreadable`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from airflow_provider_userattrs.sources.column_types import Convert
from airflow_provider_userattrs.sources.database.unreadable import Unreadable, readable

#: PostgreSQL's OIDs of types (https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat).
_JSONS, _JSON_ARRAYS = (114, 3802), (199, 3807)

#: The times that psycopg2 is asked for as text, and what reads it: many at once, and before Python 3.11 not all.
_PARSERS: dict[str, Convert] = {
    "DATE": date.fromisoformat,
    "DATETIME": datetime.fromisoformat,
    "DATETIMETZ": datetime.fromisoformat,
}


class TimeTexts:
    """Converts the texts that PostgreSQL writes of times.

    :param parse: reads ISO 8601, as PostgreSQL writes it; what it does not read is read by ``cast``.
    :param cast: the cast of psycopg2.
    :param cursor: the database cursor.
    """

    def __init__(self, parse: Convert, cast: Callable[[str, Any], Any], cursor: Any) -> None:
        self._parse = parse
        self._cast = cast
        self._cursor = cursor

    def __call__(self, text: str) -> Any:
        """Convert one text.

        :raises InvalidRow: if Python has no such time.
        """
        return readable(_value(self._cast, text, self._cursor))

    def all(self, texts: Sequence[str]) -> list[Any]:
        """Convert many texts in a third of the time.

        :raises InvalidRow: if Python has no such time as one of them.
        """
        try:
            return list(map(self._parse, texts))
        except ValueError:
            return list(map(self, texts))


def time_texts(cursor: Any) -> dict[Any, Convert]:
    """Return the converters of times that psycopg2 returns as text, by type."""
    from psycopg2 import extensions

    casts = {name: getattr(extensions, f"PY{name}") for name in _PARSERS}
    return {kind: TimeTexts(_PARSERS[name], cast, cursor) for name, cast in casts.items() for kind in cast.values}


def register_casts(cursor: Any, *, text_as_bytes: bool) -> None:
    """Make a cursor return times as text, which `time_texts` convert.

    Of the other types it returns `Unreadable` instead of raising, and sets its ``gave_unreadable`` then.

    :param cursor: the database cursor.
    :param text_as_bytes: whether text comes as bytes.
    """
    from psycopg2 import extensions

    for name in ("DATE", "TIME", "DATETIME", "DATETIMETZ", "INTERVAL"):
        kind, kinds = getattr(extensions, f"PY{name}"), getattr(extensions, f"PY{name}ARRAY")
        cast = extensions.new_type(kind.values, name, _cast(kind))
        as_text = extensions.new_type(kind.values, name, extensions.UNICODE)
        extensions.register_type(as_text if name in _PARSERS else cast, cursor)
        extensions.register_type(extensions.new_array_type(kinds.values, f"{name}ARRAY", cast), cursor)
    jsons = extensions.new_type(_JSONS, "JSON", _cast(lambda text, _: json.loads(text)))
    extensions.register_type(jsons, cursor)
    extensions.register_type(extensions.new_array_type(_JSON_ARRAYS, "JSONARRAY", jsons), cursor)
    if text_as_bytes:
        extensions.register_type(extensions.BYTES, cursor)


def _cast(plain: Callable[[str, Any], Any]) -> Callable[[str | None, Any], Any]:
    def cast(text: str | None, cursor: Any) -> Any:
        if text is None:
            return None
        value = _value(plain, text, cursor)
        if type(value) is Unreadable:
            cursor.gave_unreadable = True
        return value

    return cast


def _value(plain: Callable[[str, Any], Any], text: str, cursor: Any) -> Any:
    """Return what psycopg2 reads in a text; `Unreadable` if it cannot."""
    # psycopg2 itself turns infinity into the last day of the year 9999, and 24:00 into midnight.
    if text[-1] != "y" and text[:3] != "24:":
        with suppress(Exception):
            return plain(text, cursor)
    return Unreadable(text)

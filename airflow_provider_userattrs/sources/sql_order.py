# SPDX-License-Identifier: Apache-2.0
"""Whether a query gives its rows in the same order each time, as far as its text tells."""

from __future__ import annotations

import re

#: Text and comments of SQL: what is in them is no SQL.
_QUIET = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_INNERMOST = re.compile(r"\([^()]*\)")
_ORDER = re.compile(r"\border\s+by\b(.*)", re.IGNORECASE | re.DOTALL)
_CHANCE = re.compile(r"\b(random|rand|newid|uuid|gen_random_uuid)\b", re.IGNORECASE)


def has_certain_order(sql: str) -> bool:
    """Tell whether the query itself, and not only a part of it in brackets, is ordered, and not by chance.

    :param sql: the query.
    """
    text = _QUIET.sub(" ", sql)
    while (shorter := _INNERMOST.sub(" ", text)) != text:
        text = shorter
    found = _ORDER.search(text)
    return found is not None and not _CHANCE.search(found.group(1))

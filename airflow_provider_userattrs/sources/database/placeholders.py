# SPDX-License-Identifier: Apache-2.0
"""Compares a query's placeholders with its parameters, to say what is wrong once they have been refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.sources.database.drivers import MYSQL

#: Driver -> how it writes placeholders with a name and in order; PEP 249's names are in brackets.
_STYLES = {
    "sqlite3": ("named", "qmark"),
    **dict.fromkeys(("psycopg2", "psycopg", *MYSQL), ("pyformat", "format")),
}
_WRITTEN = {"named": ":name", "qmark": "?", "pyformat": "%(name)s", "format": "%s"}

#: Placeholders in each style, and what only looks like one: text in quotes, comments, casts, doubled percent signs.
_TOKEN = re.compile(
    r"""
      (?P<quoted>'(?:[^']|'')*') | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | :: | %%
    | %\((?P<pyformat>\w+)\)s | (?P<format>%s) | (?P<percent>%)
    | (?<!\w):(?P<named>[A-Za-z_]\w*) | (?P<qmark>\?)
    """,
    re.VERBOSE | re.DOTALL,
)
_PLACEHOLDER = re.compile(r"'%(\(\w+\))?s'")
_PERCENT = re.compile(r"(?<!%)%(?:%%)*(?![%(s])")


def placeholder_problem(sql: str, parameters: Any, driver: str) -> str | None:
    """Return what to change in a query that was refused, or None if its placeholders and parameters fit.

    :param sql: the query, as its author wrote it.
    :param parameters: the values of its placeholders: a dict, a list, a tuple or None.
    :param driver: the driver's top-level package.
    """
    if driver not in _STYLES:
        return None
    by_name, in_order = _STYLES[driver]
    found: dict[str, list[str]] = {}
    for token in _TOKEN.finditer(sql):
        kind = token.lastgroup
        if kind is not None:
            found.setdefault(kind, []).append(token[kind])
    styles = f"{_WRITTEN[by_name]}, or {_WRITTEN[in_order]} in order"
    for style in (style for style in _WRITTEN if style not in _STYLES[driver]):
        # Without parameters, a question mark or a percent sign is an operator more often than a placeholder.
        if style in found and (parameters or style in ("named", "pyformat")):
            return f"write its placeholders as {styles}, which this database takes, not as {_WRITTEN[style]}"
    names, count = list(dict.fromkeys(found.get(by_name, ()))), len(found.get(in_order, ()))
    if by_name == "pyformat":
        quoted = found.get("quoted", ())
        if any(map(_PLACEHOLDER.fullmatch, quoted)):
            return "write its placeholders without quotes around them"
        if parameters and ("percent" in found or any(map(_PERCENT.search, quoted))):
            return "with parameters, write each percent sign twice (%%)"
    if isinstance(parameters, Mapping):
        if count:
            return f"parameters is a dict, so write each placeholder as {_WRITTEN[by_name]}"
        missing = [name for name in names if name not in parameters]
        return f"give parameters a value for {printable(', '.join(map(repr, missing)), 200)}" if missing else None
    if names:
        return f"give parameters as a dict with a value for {printable(', '.join(map(repr, names)), 200)}"
    given = len(parameters or ())
    return None if count == given else f"give parameters a value for each of its placeholders: {count:,}, not {given:,}"

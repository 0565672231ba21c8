# SPDX-License-Identifier: Apache-2.0
"""How a DAG author says that only what changed is sent."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.sources.paths import as_text

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

__all__ = ["ChangedOnly", "Watermark"]

#: A name that needs no quotes in any database.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ChangedOnly:
    """Send a user only if the update differs from the one that the vendor accepted last.

    What was accepted is kept in files of this package's own, as digests: keyed with the connection's secret, so that
    nobody can find out by guessing whose they are. A user whose update was not accepted is sent again by the next
    push, with the values of that day, until it is. docs/changed-only.md says what is kept and what it is worth.

    With ``removed="unset"`` the users' ids are kept too, as they are sent.

    :param path: a folder for the files (text, a `pathlib.Path` or an ObjectStoragePath), on any storage that
        ObjectStoragePath knows; may be a template. One folder may serve several tasks: each reads the files that it has
        written itself.
    :param refresh_after: after how long a user is sent although nothing changed, spread over the pushes by user; None
        for the vendor's default: 45 days at MoEngage, never at the others.
    :param full_refresh: whether this push sends all users; True, False, or a template that renders to one of them.
    :param removed: what to do about users whom this task has pushed and whom a query that was read from its first row
        to its last does not name any more: ``"ignore"`` them, or ``"unset"`` the attributes that this task sends.
    :param max_removed: how many of the users known (an int), or what share of them (a float from 0.0 to 1.0, or text
        such as ``"5%"``), may be unset by one push; may be a template. If more left the query, nobody is unset, and the
        task warns.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    template_fields = ("path", "full_refresh", "max_removed")

    def __init__(
        self,
        path: str | os.PathLike[str] | ObjectStoragePath,
        *,
        refresh_after: timedelta | None = None,
        full_refresh: bool | str = False,
        removed: str = "ignore",
        max_removed: float | str = "5%",
    ) -> None:
        if refresh_after is not None and not (isinstance(refresh_after, timedelta) and refresh_after > timedelta(0)):
            raise ValueError(
                f"refresh_after is {refresh_after!r}; give a timedelta over 0, such as timedelta(days=30), or None"
            )
        if removed not in ("ignore", "unset"):
            raise ValueError(f"removed is {removed!r}; use 'ignore' or 'unset'")
        self.path: Any = as_text(path)
        self.refresh_after = refresh_after
        self.full_refresh: Any = full_refresh
        self.removed = removed
        self.max_removed: Any = max_removed

    def __repr__(self) -> str:
        given = ("refresh_after", "full_refresh", "removed", "max_removed")
        return f"ChangedOnly({self.path!r}, {', '.join(f'{name}={getattr(self, name)!r}' for name in given)})"


class Watermark:
    """Read only the rows that are new since the last push, by a column that says when a row changed.

    It is for ``SqlRows(..., key=..., since=Watermark("updated_at"))`` on PostgreSQL, MySQL, MariaDB and SQLite, in an
    operator with ``changed_only``, which keeps beside what is known the moment up to which rows are finished (the
    mark) and the keys of rows that failed. A push reads the rows whose time is not before the mark less ``lag``,
    those without a time, and those that failed before. The first one reads all. docs/changed-only.md says when
    all rows are read again.

    :param column: a column of the query: a timestamp, datetime or date that every change of a row sets. It becomes an
        attribute only if ``attributes=`` lists it.
    :param lag: how long after its time a row may become visible to the query: the longest transaction, how far a
        replica is behind, and how far clocks that set the column differ.
    :param timezone: the time zone of a column without one, an IANA name; None for UTC or the database's own, whichever
        is behind the other.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    def __init__(self, column: str, *, lag: timedelta = timedelta(minutes=15), timezone: str | None = None) -> None:
        if not isinstance(column, str) or not _NAME.fullmatch(column):
            raise ValueError(f"column is {column!r}; give a column of letters, digits and _; in sql, rename it with AS")
        if not isinstance(lag, timedelta) or not timedelta(0) <= lag <= timedelta(days=3_660):
            raise ValueError(f"lag is {lag!r}; give a timedelta from 0 to ten years, such as timedelta(minutes=15)")
        if timezone is not None:
            from airflow_provider_userattrs.push.mapping.times import time_zone  # not at the top: few DAG files need it

            time_zone(timezone)
        self.column = column
        self.lag = lag
        self.timezone = timezone

    def __repr__(self) -> str:
        return f"Watermark({self.column!r}, lag={self.lag!r}, timezone={self.timezone!r})"

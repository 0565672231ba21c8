# SPDX-License-Identifier: Apache-2.0
"""How a DAG author says that only what changed is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

__all__ = ["ChangedOnly"]


class ChangedOnly:
    """Send a user only if the update differs from the one that the vendor accepted last.

    What was accepted is kept in files of this package's own, as digests: keyed with the connection's secret, so that
    nobody can find out by guessing whose they are. A user whose update was not accepted is sent again by the next
    push, with the values of that day, until it is. docs/changed-only.md says what is kept and what it is worth.

    :param path: a folder for the files, on any storage that ObjectStoragePath knows; may be a template. One folder may
        serve several tasks: each reads the files that it has written itself.
    :param refresh_after: after how long a user is sent although nothing changed, spread over the pushes by user; None
        for the vendor's default: 45 days at MoEngage, never at the others.
    :param full_refresh: whether this push sends all users; True, False, or a template that renders to one of them.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    template_fields = ("path", "full_refresh")

    def __init__(self, path: str, *, refresh_after: timedelta | None = None, full_refresh: bool | str = False) -> None:
        if refresh_after is not None and not (isinstance(refresh_after, timedelta) and refresh_after > timedelta(0)):
            raise ValueError(
                f"refresh_after is {refresh_after!r}; give a timedelta over 0, such as timedelta(days=30), or None"
            )
        self.path: Any = path
        self.refresh_after = refresh_after
        self.full_refresh: Any = full_refresh

    def __repr__(self) -> str:
        return f"ChangedOnly({self.path!r}, refresh_after={self.refresh_after!r}, full_refresh={self.full_refresh!r})"

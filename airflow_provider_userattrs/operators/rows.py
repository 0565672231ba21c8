# SPDX-License-Identifier: Apache-2.0
"""The rows of a task, kept out of sight: Airflow resolves where they come from, and renders, shows and stores none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from airflow.providers.common.compat.sdk import XComArg

from airflow_provider_userattrs.operators.resume import digest
from airflow_provider_userattrs.push.bookmark import Bookmark
from airflow_provider_userattrs.push.errors import RefusedConfiguration
from airflow_provider_userattrs.push.update import MalformedRow, Row
from airflow_provider_userattrs.sources.templates import render


@runtime_checkable
class Source(Protocol):
    """Describe what rows can come from besides a list.

    A source may also have ``template_fields`` and ``template_ext``; ``identity()``, a small JSON value that changes
    when its rows do, without which a retry starts at the first row; ``check_resume()``, a sentence on what is not
    certain when a try goes on from the last one, or None; and it may yield `Bookmark` among its rows.
    """

    def rows(self) -> Iterator[Row | MalformedRow | Bookmark]:
        """Yield the rows in their order, each time anew."""


class Rows(XComArg):
    """Stand between an operator's ``users`` and Airflow's templating.

    It is an XComArg, so that Airflow draws the dependency on the task behind it and has it resolved, but not
    rendered: a value that looks like a template stays as it is. What Rendered Templates shows is `serialize`.

    :param users: an upstream task's XCom, a list of rows, or a source.
    """

    def __init__(self, users: Any) -> None:
        self._users = users

    @property
    def path(self) -> str | None:
        """Return the path the rows are read from, if they come from a file."""
        path = getattr(self._users, "path", None)
        return path if isinstance(path, str) else None

    def iter_references(self) -> Iterator[Any]:
        """Yield the XComs behind the rows."""
        users = self._users
        behind = [getattr(users, field) for field in _template_fields(users)]
        return XComArg.iter_xcom_references([users, *behind])

    def resolve(self, context: Any, *_: Any, include_xcom: bool = True, **__: Any) -> Rows:
        """Return the rows themselves, or a source with its own templates rendered, as `Rows` again."""
        users = self._users
        if isinstance(users, XComArg):
            return Rows(users.resolve(context)) if include_xcom else self
        return Rows(render(users, context) if isinstance(users, Source) else users)

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow | Bookmark]:
        """Yield the rows.

        :param after: a place from one of the source's bookmarks; None for all rows.
        :raises RefusedConfiguration: if an upstream task handed over something else than a list.
        """
        users = self._users
        if isinstance(users, Source):
            yield from users.rows() if after is None else users.rows(after=after)  # type: ignore[call-arg]
            return
        if isinstance(users, (str, bytes, Mapping)) or not isinstance(users, Sequence):
            raise RefusedConfiguration(
                f"users is a {type(users).__name__}; the upstream task must return a list with a dict for each user"
            )
        for row in users:
            # A mapped upstream task hands over a list for each of its instances.
            if isinstance(row, list):
                yield from row
            else:
                yield row

    __iter__ = rows

    def digest(self) -> str | None:
        """Return what changes when the rows do; None if the source cannot tell."""
        users = self._users
        if isinstance(users, Source):
            identity = getattr(users, "identity", None)
            return None if identity is None else digest([type(users).__name__, identity()])
        return digest(self.rows())

    def count(self) -> int | None:
        """Return how many rows there are, if that is known before they are read."""
        users = self._users
        if not isinstance(users, (list, tuple)):
            return None
        return sum(len(row) if isinstance(row, list) else 1 for row in users)

    def check_resume(self) -> str | None:
        """Return what is not certain when a try goes on from the last one, or None."""
        check = getattr(self._users, "check_resume", None)
        return check() if check else None

    def serialize(self) -> str:
        """Return what may be shown and stored of the rows."""
        users = self._users
        if isinstance(users, XComArg):
            return f"rows of {', '.join(sorted({str(task.task_id) for task, _ in self.iter_references()}))}"
        if isinstance(users, (list, tuple)):
            return f"{len(users):,} row{'' if len(users) == 1 else 's'}"
        return f"rows of a {type(users).__name__}"

    __str__ = __repr__ = serialize


def _template_fields(users: Any) -> tuple[str, ...]:
    return tuple(getattr(users, "template_fields", ())) if isinstance(users, Source) else ()

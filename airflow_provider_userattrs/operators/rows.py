# SPDX-License-Identifier: Apache-2.0
"""The rows of a task, kept out of sight: Airflow resolves where they come from, and renders, shows and stores none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from airflow.providers.common.compat.sdk import AirflowFailException, XComArg

from airflow_provider_userattrs.operators.digest import digest, encoded
from airflow_provider_userattrs.push.bookmark import Bookmark
from airflow_provider_userattrs.push.errors import RefusedConfiguration
from airflow_provider_userattrs.push.update import MalformedRow, Row
from airflow_provider_userattrs.sources.formats import format_of
from airflow_provider_userattrs.sources.handover import is_handed_over, take_over
from airflow_provider_userattrs.sources.templates import render

#: Bytes of rows in an XCom from which on a place would serve better.
_CROWDED = 1_000_000


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

    :param users: an upstream task's XCom, a list of rows, a source, a source as `hand_over` returns it, or a path.
    :param is_xcom: whether they came out of an XCom.
    :raises ValueError: if no source can be made of it.
    """

    def __init__(self, users: Any, *, is_xcom: bool = False) -> None:
        self._users = source_of(users)
        self._is_xcom = is_xcom

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
            return _from_xcom(users.resolve(context)) if include_xcom else self
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
            raise RefusedConfiguration(_not_rows(users))
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

    def crowded_xcom(self) -> str | None:
        """Return a sentence on rows that are too many for an XCom, or None."""
        if not self._is_xcom or isinstance(self._users, Source):
            return None
        size = sum(len(encoded(row)) for row in self.rows())
        if size <= _CROWDED:
            return None
        return (
            f"users came as {size / 1e6:,.1f} MB of rows in an XCom, which stands in Airflow's database and is read "
            "whole into memory; hand over a place instead: the path of a file, or SqlRows or FileRows"
        )

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


def _from_xcom(users: Any) -> Rows:
    if isinstance(users, str) and format_of(users) is None:  # not said: it may be somebody's name
        raise AirflowFailException(_not_rows(users))
    try:
        return Rows(users, is_xcom=True)
    except ValueError as error:
        raise AirflowFailException(str(error)) from None


def _not_rows(users: Any) -> str:
    return (
        f"users is a {type(users).__name__}; the upstream task must return a list with a dict for each user, "
        "hand_over(source), or a path that ends as .jsonl, .csv or .parquet do"
    )


def source_of(users: Any) -> Any:
    """Return the source that a path or a dict of `hand_over` stands for; anything else as it is.

    :raises ValueError: if none can be made of it.
    """
    if isinstance(users, str):
        from airflow_provider_userattrs.sources.files import FileRows

        return FileRows(users)
    return take_over(users) if is_handed_over(users) else users


def _template_fields(users: Any) -> tuple[str, ...]:
    return tuple(getattr(users, "template_fields", ())) if isinstance(users, Source) else ()

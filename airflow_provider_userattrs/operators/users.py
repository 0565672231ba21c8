# SPDX-License-Identifier: Apache-2.0
"""The rows of a task, kept out of sight: Airflow resolves where they come from, and renders, shows and stores none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from airflow_provider_userattrs._airflow import XComArg
from airflow_provider_userattrs.operators.upstream import Upstream, is_list, not_rows, pull, pulled
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.handover import HandedOver, is_path, is_source_spec, source_from
from airflow_provider_userattrs.sources.templates import is_deferred, is_reference, render
from airflow_provider_userattrs.task.digest import digest, encoded
from airflow_provider_userattrs.task.failure import WrongParameter

#: Bytes of rows in an XCom from which on a place would serve better.
_CROWDED = 1_000_000


@runtime_checkable
class Source(Protocol):
    """Describe what rows can come from besides a list.

    A source may also have ``template_fields`` and ``template_ext``; ``identity()``, a small JSON value that changes
    when its rows do or their order does, without which a retry starts at the first row; ``check_resume()``, half a
    sentence on why a retry cannot go on where the last try stopped, or None; ``are_alike``, whether all rows have the
    same columns; ``are_declared``, whether it declares them, so that errors may name them; and it may yield `Cursor`
    or `Keys` among its rows.
    """

    def rows(self) -> Iterator[Row | MalformedRow | Cursor | Keys]:
        """Yield the rows in their order, each time anew."""


class Rows(XComArg):
    """Stand between an operator's ``users`` and Airflow's templating.

    It is an XComArg, so that Airflow draws the dependency on the task behind it and has it resolved, but not
    rendered: a value that looks like a template stays as it is. What Rendered Templates shows is `serialize`.

    :param users: what Airflow resolves to rows (an upstream task's output, an argument of a mapped task group, a
        template), a list of rows, a source, a source as `hand_over` returns it, or a path.
    :raises WrongParameter: if no source can be made of it.
    """

    def __init__(self, users: Any) -> None:
        self._users = users if is_deferred(users) else source_of(users)

    def reads(self, path: str) -> bool:
        """Tell whether a path leads to a file that the rows are read from."""
        reads = getattr(self._users, "reads", None)
        return bool(reads and reads(path))

    @property
    def path(self) -> str | None:
        """Return the path the rows are read from, if they come from a file."""
        path = getattr(self._users, "path", None)
        return path if isinstance(path, str) else None

    @property
    def are_alike(self) -> bool:
        """Tell whether all rows have the same columns, as those of a query have."""
        return bool(getattr(self._users, "are_alike", False))

    @property
    def are_declared(self) -> bool:
        """Return whether the source declares its columns, so that their names are not a user's data."""
        return bool(getattr(self._users, "are_declared", False))

    def iter_references(self) -> Iterator[Any]:
        """Yield the XComs behind the rows."""
        users = self._users
        behind = [getattr(users, field) for field in _template_fields(users)]
        return XComArg.iter_xcom_references([users, *behind])

    def resolve(self, context: Any, *_: Any, include_xcom: bool = True, **__: Any) -> Rows:
        """Return the rows themselves, or a source with its own templates rendered, as `Rows` again."""
        users = self._users
        if is_reference(users):
            return _from_xcom(pull(users, context)) if include_xcom else self
        if isinstance(users, str):
            return _from_xcom(pulled(context["task"].render_template(users, context)))
        if hasattr(users, "rendered"):
            return Rows(users.rendered(context))
        return Rows(render(users, context) if isinstance(users, Source) else users)

    def check(self) -> None:
        """Check that there are rows to be had.

        :raises RefusedConfiguration: if an upstream task handed over something else than rows.
        """
        users = self._users
        if isinstance(users, Upstream):
            problem = users.problem()
        else:
            problem = None if isinstance(users, Source) or is_list(users) else not_rows(users)
        if problem:
            raise RefusedConfiguration(problem)

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow | Cursor | Keys]:
        """Yield the rows.

        :param after: a place from one of the source's cursors; None for all rows.
        :raises RefusedConfiguration: if an upstream task handed over something else than rows.
        """
        self.check()
        users = self._users
        if isinstance(users, Source):
            yield from users.rows() if after is None else users.rows(after=after)  # type: ignore[call-arg]
        else:
            yield from users

    __iter__ = rows

    def digest(self) -> str | None:
        """Return what changes when the rows do; None if the source cannot tell, or cannot go on anyway."""
        users = self._users
        if self.check_resume() is not None:
            return None
        if isinstance(users, Source):
            identity = getattr(users, "identity", None)
            told = None if identity is None else identity()
            return None if told is None else digest([type(users).__name__, told])
        return digest(self.rows())

    def count(self) -> int | None:
        """Return how many rows there are, if that is known before they are read."""
        users = self._users
        if isinstance(users, Upstream):
            return users.count()
        return len(users) if isinstance(users, (list, tuple)) else None

    def crowded_xcom(self) -> str | None:
        """Return a sentence on rows that are too many for an XCom, or None."""
        if not isinstance(self._users, Upstream):
            return None
        size = sum(len(encoded(row)) for row in self.rows())
        if size <= _CROWDED:
            return None
        return (
            f"users came as {size / 1e6:,.1f} MB of rows in an XCom, which stands in Airflow's database and is read "
            "whole into memory; hand over a place instead: the path of a file, or SqlRows or FileRows"
        )

    @property
    def skipped(self) -> str | None:
        """Return the upstream tasks that gave no rows because they were skipped, or None."""
        return self._users.skipped if isinstance(self._users, Upstream) else None

    def check_resume(self) -> str | None:
        """Return why a retry cannot go on where the last try stopped, or None."""
        check = getattr(self._users, "check_resume", None)
        return check() if check else None

    def serialize(self) -> str:
        """Return what may be shown and stored of the rows."""
        users = self._users
        if is_reference(users):
            return f"rows of {', '.join(sorted({str(task.task_id) for task, _ in self.iter_references()}))}"
        if isinstance(users, str):
            return "rows of a template"
        count = self.count()
        if count is not None:
            skipped = f" ({self.skipped} was skipped)" if self.skipped else ""
            return f"{count:,} row{'' if count == 1 else 's'}{skipped}"
        return "rows of mapped tasks" if isinstance(users, Upstream) else f"rows of a {type(users).__name__}"

    __str__ = __repr__ = serialize


def _from_xcom(users: Upstream) -> Rows:
    """Return rows, or the source that what was handed over stands for: one place, or a list of them."""
    places = users.places()
    return Rows(users if places is None else places)


def source_of(users: Any) -> Any:
    """Return the source that a path, what `hand_over` returns, or a list of them stands for; anything else as it is.

    :raises WrongParameter: if none can be made of it.
    """
    try:
        if is_path(users) or isinstance(users, HandedOver):
            return source_from([users])
        if isinstance(users, (list, tuple)) and users and all(map(is_source_spec, users)):
            return source_from(users)
    except ValueError as error:
        raise WrongParameter(str(error)) from None
    return users


def _template_fields(users: Any) -> tuple[str, ...]:
    return tuple(getattr(users, "template_fields", ())) if isinstance(users, Source) else ()

# SPDX-License-Identifier: Apache-2.0
"""The rows of a task: Airflow resolves where they come from, but does not render, show or store them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, cast

from airflow_provider_userattrs._airflow import XComArg
from airflow_provider_userattrs.operators.mapped import is_mapped
from airflow_provider_userattrs.operators.upstream import Upstream, from_template, is_list, not_rows, pull
from airflow_provider_userattrs.push.model.chunk import Chunk, sliced
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.digest import digest, encoded
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.chain import Chain
from airflow_provider_userattrs.sources.chunks import chunks_of, one_by_one
from airflow_provider_userattrs.sources.database.key_query import KeyHash
from airflow_provider_userattrs.sources.database.window import Window
from airflow_provider_userattrs.sources.handover import HandedOver, is_source_spec, source_from
from airflow_provider_userattrs.sources.paths import is_path
from airflow_provider_userattrs.sources.source import Source
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.sources.templates import is_deferred, is_reference, render
from airflow_provider_userattrs.task.failure import WrongParameter

#: Bytes of rows in an XCom above which a warning suggests a path or a source.
_LARGE_XCOM = 1_000_000


class Rows(XComArg):
    """An operator's ``users``, kept away from Airflow's templating.

    It is an XComArg, so that Airflow adds the dependency on the upstream task and resolves it, but does not render it:
    a value that looks like a template stays as it is. Rendered Templates shows what `serialize` returns.

    :param users: what Airflow resolves to rows (an upstream task's output, an argument of a mapped task group, a
        template), a list of rows, a source, a source as `hand_over` returns it, or a path.
    :raises WrongParameter: if it cannot be a source of rows.
    """

    def __init__(self, users: Any) -> None:
        self._users = users if is_deferred(users) else source_of(users)

    @property
    def are_mapped(self) -> bool:
        """Return whether each mapped task instance has its own rows."""
        return is_mapped(self._users)

    def reads(self, path: str) -> bool:
        """Return whether the rows are read from the file at a path."""
        reads = getattr(self._users, "reads", None)
        return bool(reads and reads(path))

    @property
    def path(self) -> str | None:
        """Return the path the rows are read from, if they come from a file."""
        path = getattr(self._users, "path", None)
        return path if isinstance(path, str) else None

    @property
    def are_deferred(self) -> bool:
        """Return whether the rows are known only when the task runs, such as an upstream task's output."""
        return is_deferred(self._users)

    @property
    def are_alike(self) -> bool:
        """Return whether all rows have the same columns, as those of a query have."""
        return bool(getattr(self._users, "are_alike", False))

    @property
    def are_declared(self) -> bool:
        """Return whether the source declares its columns, so that their names are not a user's data."""
        return bool(getattr(self._users, "are_declared", False))

    def column_names(self) -> Sequence[str] | None:
        """Return the columns that all rows have, if that is known once they are read."""
        names = getattr(self._users, "column_names", None)
        return names() if names else None

    def iter_references(self) -> Iterator[Any]:
        """Yield the XComs that the rows come from."""
        users = self._users
        templated = [getattr(users, field) for field in _template_fields(users)]
        return XComArg.iter_xcom_references([users, *templated])

    def resolve(self, context: Any, *_: Any, include_xcom: bool = True, **__: Any) -> Rows:
        """Return the resolved rows, or the source with its templates rendered, as `Rows` again."""
        users = self._users
        if is_reference(users):
            return _from_xcom(pull(users, context)) if include_xcom else self
        if isinstance(users, str):
            return _from_xcom(from_template(context["task"].render_template(users, context)))
        if hasattr(users, "rendered"):
            return Rows(users.rendered(context))
        try:
            return Rows(render(users, context) if isinstance(users, Source) else users)
        except RefusedConfiguration as refused:  # a file of SQL that does not exist: a retry would not find it either
            raise WrongParameter(str(refused)) from None

    def check(self) -> None:
        """Check that there are rows.

        :raises RefusedConfiguration: if an upstream task returned anything but rows.
        """
        users = self._users
        if isinstance(users, Upstream):
            problem = users.problem()
        else:
            problem = None if isinstance(users, Source) or is_list(users) else not_rows(users)
        if problem:
            raise RefusedConfiguration(problem)

    def __iter__(self) -> Iterator[Row | MalformedRow | Cursor | Keys]:
        """Yield the rows one by one."""
        return one_by_one(self.rows())

    def rows(self, after: Any = None) -> Generator[Row | MalformedRow | Chunk | Cursor | Keys]:
        """Yield the rows, in chunks where some are at hand together: none waits for what its source waits for.

        :param after: the value of one of the source's cursors; None for all rows.
        :raises RefusedConfiguration: if an upstream task returned anything but rows.
        """
        self.check()
        users = self._users
        if isinstance(users, Source):
            read: Any = chunks_of(users) or users.rows
            yield from read() if after is None else read(after=after)
        elif isinstance(users, Upstream):
            yield from users.chunks()
        else:
            yield from sliced(users) if isinstance(users, (list, tuple)) else users

    def digest(self) -> str | None:
        """Return a digest that changes when the rows do; None if the source has none, or cannot resume anyway."""
        users = self._users
        if self.check_resume() is not None:
            return None
        if isinstance(users, Source):
            identity = getattr(users, "identity", None)
            value = None if identity is None else identity()
            return None if value is None else digest([type(users).__name__, value])
        return digest(self)

    def count(self) -> int | None:
        """Return how many rows there are, if that is known before they are read."""
        users = self._users
        if isinstance(users, Upstream):
            return users.count()
        return len(users) if isinstance(users, (list, tuple)) else None

    def source_count(self) -> int:
        """Count the rows of the whole source, also those that are not read because they are not new.

        Some sources are read once more for it.
        """
        users = self._users
        if isinstance(users, Source):
            return int(cast("Any", users).count())
        known = self.count()
        return sum(1 for _ in self) if known is None else known

    @property
    def are_countable(self) -> bool:
        """Return whether the rows can be counted before the first is sent."""
        return not isinstance(self._users, Source) or callable(getattr(self._users, "count", None))

    @property
    def read_by(self) -> str | None:
        """Return the column by which the rows are read, each of whose values comes once; None if there is none."""
        return self._users.key if isinstance(self._users, SqlRows) else None

    @property
    def hashed_by(self) -> str | None:
        """Return the column by whose hash the rows were split into shards, or None."""
        users = self._users
        return users.key if isinstance(users, SqlRows) and isinstance(users.key_filter, KeyHash) else None

    @property
    def windowed(self) -> SqlRows | None:
        """Return the source, if it reads only rows that are new; None if it reads all."""
        sources = self._users.sources if isinstance(self._users, Chain) else (self._users,)
        return next((source for source in sources if isinstance(source, SqlRows) and source.since is not None), None)

    @property
    def are_chained(self) -> bool:
        """Return whether the rows come from several sources, one after the other."""
        return isinstance(self._users, Chain)

    def read_within(self, window: Window) -> None:
        """Read the rows of a window only.

        :param window: the window.
        """
        self._users = self._users.within(window)

    def read_first(self, limit: int) -> None:
        """Have no more than the first rows fetched, where many are fetched at once."""
        if isinstance(self._users, SqlRows):
            self._users = self._users.first(limit)

    def large_xcom_warning(self) -> str | None:
        """Return a sentence on rows that are too many for an XCom, or None."""
        if not isinstance(self._users, Upstream):
            return None
        size = sum(len(encoded(row)) for row in self)
        if size <= _LARGE_XCOM:
            return None
        return (
            f"users came as {size / 1e6:,.1f} MB of rows in an XCom, which is stored in Airflow's database and read "
            "into memory as a whole; pass the path of a file, SqlRows or FileRows instead"
        )

    @property
    def skipped(self) -> str | None:
        """Return the upstream tasks that gave no rows because they were skipped, or None."""
        return self._users.skipped if isinstance(self._users, Upstream) else None

    @property
    def keys(self) -> frozenset[str]:
        """Return the columns by which the rows are read: the key of `SqlRows`, and the column of its watermark."""
        sources = self._users.sources if isinstance(self._users, Chain) else (self._users,)
        queries = [source for source in sources if isinstance(source, SqlRows)]
        columns = [*(source.key for source in queries), *(each.since.column for each in queries if each.since)]
        return frozenset(column for column in columns if column)

    @property
    def are_partial(self) -> bool:
        """Return whether the rows are some of a query's alone, so that a user may be in the query and in no row."""
        sources = self._users.sources if isinstance(self._users, Chain) else (self._users,)
        return any(getattr(source, "is_partial", False) for source in sources)

    @property
    def are_skipped(self) -> bool:
        """Return whether there are no rows because all upstream tasks were skipped."""
        return isinstance(self._users, Upstream) and self._users.is_skipped

    def check_resume(self) -> str | None:
        """Return why a retry cannot resume where the last try stopped, or None."""
        check = getattr(self._users, "check_resume", None)
        return check() if check else None

    @property
    def kind(self) -> str:
        """Return the kind of object that the rows come from, for messages."""
        return kind_of(self._users)

    def serialize(self) -> str:
        """Return what Airflow may show and store in place of the rows."""
        users = self._users
        if is_reference(users):
            return f"rows of {', '.join(sorted({str(task.task_id) for task, _ in self.iter_references()}))}"
        if isinstance(users, str):
            return "rows of a template"
        count = self.count()
        if count is not None:
            skipped = f" ({self.skipped} was skipped)" if self.skipped else ""
            return f"{counted(count, 'row')}{skipped}"
        return "rows of mapped tasks" if isinstance(users, Upstream) else f"rows of {self.kind}"

    __str__ = __repr__ = serialize


def _from_xcom(users: Upstream) -> Rows:
    """Return the rows, or the source that was handed over in their place."""
    sources = users.sources()
    return Rows(users if sources is None else sources)


def source_of(users: Any) -> Any:
    """Return the source for a path, for what `hand_over` returns, or for a list of them; anything else unchanged.

    :raises WrongParameter: if it cannot be a source.
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

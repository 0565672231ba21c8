# SPDX-License-Identifier: Apache-2.0
"""Several sources, read one behind the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.storage.columns import check_same
from airflow_provider_userattrs.sources.templates import render


class Chain:
    """Read sources one behind the other; a retry goes on by counting, where all of them are files.

    :param sources: the sources.
    """

    def __init__(self, sources: Sequence[Any]) -> None:
        self.sources = tuple(sources)

    @property
    def are_alike(self) -> bool:
        """Tell whether all rows have the same columns."""
        return all(isinstance(source, FileRows) and source.are_alike for source in self.sources)

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow]:
        """Yield the rows; a file that several of the sources lead to is read once.

        :raises RefusedConfiguration: if CSV or Parquet files have not all the same columns.
        """
        check_same(each for source in self.sources if isinstance(source, FileRows) for each in source.columns())
        read: set[Any] = set()
        for source in self.sources:
            for row in source.rows(read=read) if isinstance(source, FileRows) else source.rows():
                if not isinstance(row, (Cursor, Keys)):
                    yield row

    def rendered(self, context: Any) -> Chain:
        """Return the same with the templates of each source rendered."""
        return Chain([render(source, context) for source in self.sources])

    def identity(self) -> Any:
        """Return what changes when a file does; None if not all are files."""
        return None if self.check_resume() else [[type(each).__name__, each.identity()] for each in self.sources]

    def check_resume(self) -> str | None:
        """Return why a retry cannot go on where the last try stopped, or None."""
        if all(isinstance(source, (FileRows, Rejects)) for source in self.sources):
            return None
        return "users is several sources, not all of them files, so no row can be found again"

    def reads(self, path: str) -> bool:
        """Tell whether a path leads to a file that one of the sources reads."""
        return any(source.reads(path) for source in self.sources if hasattr(source, "reads"))

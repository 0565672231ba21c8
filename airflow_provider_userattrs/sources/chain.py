# SPDX-License-Identifier: Apache-2.0
"""Chains several sources into one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.sources.chunks import chunks_of, one_by_one
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.storage.columns import check_same
from airflow_provider_userattrs.sources.templates import render


class Chain:
    """Reads several sources one after the other. A retry resumes by counting rows, if all of them are files.

    :param sources: the sources, in their order.
    """

    def __init__(self, sources: Sequence[Any]) -> None:
        self.sources = tuple(sources)

    @property
    def are_alike(self) -> bool:
        """Return whether all rows have the same columns."""
        return all(isinstance(source, FileRows) and source.are_alike for source in self.sources)

    def column_names(self) -> Sequence[str] | None:
        """Return the columns of the first source, which are those of all; None if there are none."""
        return self.sources[0].column_names() if self.are_alike else None

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow]:
        """Yield the rows; `chunks` describes the rest."""
        return one_by_one(self.chunks(after))

    def chunks(self, after: Any = None) -> Iterator[Row | MalformedRow | Chunk]:
        """Yield the rows, some of them in chunks. A file that several of the sources lead to is read once.

        :raises RefusedConfiguration: if CSV or Parquet files do not all have the same columns.
        """
        check_same(columns for source in self.sources if isinstance(source, FileRows) for columns in source.columns())
        read: set[Any] = set()
        for source in self.sources:
            read_source = chunks_of(source) or source.rows
            for item in read_source(read=read) if isinstance(source, FileRows) else read_source():
                if not isinstance(item, (Cursor, Keys)):
                    yield item

    def count(self) -> int:
        """Count the rows of all sources, each as it counts its own."""
        read: set[Any] = set()
        return sum(
            source.count(read=read) if isinstance(source, FileRows) else source.count() for source in self.sources
        )

    def rendered(self, context: Any) -> Chain:
        """Return the same chain with its sources' templates rendered."""
        return Chain([render(source, context) for source in self.sources])

    def identity(self) -> Any:
        """Return a value that changes when a file does; None if not all sources are files."""
        return None if self.check_resume() else [[type(source).__name__, source.identity()] for source in self.sources]

    def check_resume(self) -> str | None:
        """Return why a retry cannot resume where the last try stopped, or None if it can."""
        if all(isinstance(source, (FileRows, Rejects)) for source in self.sources):
            return None
        return "users is several sources, not all of them files, so the rows sent cannot be identified"

    def reads(self, path: str) -> bool:
        """Return whether a path leads to a file that one of the sources reads."""
        return any(source.reads(path) for source in self.sources if hasattr(source, "reads"))

# SPDX-License-Identifier: Apache-2.0
"""Reads a query in the order of its key: all rows, or those that earlier tries left unfinished."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.keys import Edge, Gap
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.database.key_checker import KeyChecker, alike_at_end
from airflow_provider_userattrs.sources.database.key_query import Selection
from airflow_provider_userattrs.sources.database.query import Query, column_index
from airflow_provider_userattrs.sources.database.row_maker import RowMaker

log = logging.getLogger(__name__)


class KeyReader:
    """Reads a query by its key.

    :param query: the query; it has a key.
    """

    def __init__(self, query: Query) -> None:
        self._query = query
        self._key = str(query.key)

    def all_rows(self) -> Iterator[Chunk | Keys]:
        """Yield all rows, each chunk after its keys."""
        checker = KeyChecker(self._key)
        for keys, chunk in self._chunks():
            checker.check(keys)
            yield Keys(keys)
            yield chunk

    def unfinished_rows(self, unfinished: Unfinished) -> Iterator[Chunk | Keys]:
        """Yield the unfinished rows: first those that may have been sent, which only the database can select."""
        checker = KeyChecker(self._key, unfinished.kind)
        left_out: set[Any] = set()
        selections = (Selection.NOT_SENT,) if unfinished.sent_upto is None else (Selection.SENT, Selection.NOT_SENT)
        for selection in selections:
            for keys, chunk in self._chunks(left_out, unfinished, selection):
                checker.check(keys)
                if selection is Selection.NOT_SENT and keys[0] == unfinished.sent_upto:
                    # A driver may truncate a key that the database compares in full; then "above the last key sent"
                    # selects the row with that key too.
                    yield Keys(keys[:1], in_doubt=True)
                    yield chunk.pick([0])
                    keys, chunk = keys[1:], chunk.pick(range(1, len(chunk)))
                yield Keys(keys, in_doubt=selection is Selection.SENT)
                yield chunk
        finished = self._count_finished(unfinished)
        yield Keys((), still_there=None if finished is None else finished + len(left_out))

    def _count_finished(self, unfinished: Unfinished) -> int | None:
        """Return how many finished rows the query still returns, not counting those at the sides of gaps."""
        if not unfinished.tries:
            return 0
        if self._query.limit is not None:  # a row that changes leaves the window or enters it
            return None
        with (
            suppress(RetryLater),
            self._query.open(unfinished=unfinished, selection=Selection.FINISHED) as opened,
        ):
            [(count,)] = next(opened.fetched)
            return int(count)
        return None

    def _chunks(
        self,
        left_out: set[Any] | None = None,
        unfinished: Unfinished | None = None,
        selection: Selection = Selection.ALL,
    ) -> Iterator[tuple[list[Any], Chunk]]:
        """Yield the keys of each chunk, and the chunk, without the finished rows at the sides of gaps.

        When the database drops the query in the middle, as MySQL does after waiting a minute for its reader, the query
        is run again from the last row on.

        :param left_out: collects the keys of the rows left out.
        :param unfinished: what earlier tries left unfinished, as `wrap` takes it.
        :param selection: which rows to read, as `wrap` takes it.
        """
        unfinished = unfinished or Unfinished()
        finished = edges = unfinished.edges
        last: Edge = ()
        wanted = {"unfinished": unfinished, "selection": selection}
        while True:
            read = 0
            try:
                for keys, fetched, maker in self._fetched(**wanted):
                    if edges and (at_edges := edges.intersection(keys)):
                        if left_out is not None:
                            left_out |= at_edges & finished
                        kept = [index for index, key in enumerate(keys) if key not in at_edges]
                        keys = [keys[index] for index in kept]
                        fetched = type(fetched)(fetched[index] for index in kept)
                    if keys:
                        yield keys, maker.chunk(fetched)
                        last, read = alike_at_end([*last, *keys]), read + len(keys)
                return
            except RetryLater as error:
                if not read:
                    raise
                log.info("%s; after %s rows, the query is run again from the last row on", error, f"{read:,}")
            rest = Selection.NOT_SENT if selection is Selection.ALL else selection
            wanted = {"unfinished": unfinished.after_try([Gap(last, ())]), "selection": rest}
            edges = finished | set(last)

    def _fetched(self, **wanted: Any) -> Iterator[tuple[list[Any], list[Any], RowMaker]]:
        """Yield the keys of the rows that are fetched at once, their cells, and what makes rows of them."""
        with self._query.open(**wanted) as opened:
            try:
                fetched = next(opened.fetched)
            except RefusedConfiguration:
                self._query.check_key()
                raise
            maker = self._query.row_maker(opened)
            index = column_index(maker.names, self._key)
            opened.session.check_key(opened.cursor, index)
            while fetched:
                yield maker.keys(fetched, index), fetched, maker
                fetched = next(opened.fetched)

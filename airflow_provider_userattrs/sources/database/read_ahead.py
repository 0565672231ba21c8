# SPDX-License-Identifier: Apache-2.0
"""Fetches the next rows of a query while those fetched last are in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

from airflow_provider_userattrs.sources.database.blocking import stop_query

#: Fetches the next rows; an empty list after the last one.
Fetch: TypeAlias = Callable[[], "list[Any]"]


def read_ahead(fetch: Fetch, connection: Any, at_once: int) -> Iterator[list[Any]]:
    """Yield what is fetched, of which one fetch more than is yielded is in memory; after the last rows empty lists.

    The first two fetches are made when they are asked for: a short query needs no thread, and who gets the first rows
    looks at the cursor.

    :param fetch: fetches the next rows; it may be called in another thread.
    :param connection: the driver's connection, whose query is cancelled if it is not read to its end.
    :param at_once: how many rows a fetch has, unless it is the last one.
    """
    yield fetch()
    rows = fetch()
    while len(rows) == at_once:
        following = _Fetching(fetch)
        try:
            yield rows
            rows = following.result()
        finally:
            if following.is_unfinished:
                stop_query(connection, following.wait)
    while True:
        yield rows
        rows = fetch()


class _Fetching:
    """A fetch in a thread of its own.

    :param fetch: fetches the next rows.
    """

    def __init__(self, fetch: Fetch) -> None:
        self.is_unfinished = True
        self._fetch = fetch
        self._results: SimpleQueue[tuple[list[Any], BaseException | None]] = SimpleQueue()
        self._result: tuple[list[Any], BaseException | None] = ([], None)
        try:
            Thread(target=self._run, name="userattrs-fetch", daemon=True).start()
        except RuntimeError:  # no further thread can be started
            self._run()

    def wait(self, timeout: float | None) -> bool:
        """Wait until it is finished; return whether it is.

        :param timeout: for how many seconds; None for as long as it takes.
        """
        if self.is_unfinished:
            try:
                self._result = self._results.get(timeout=timeout)
            except Empty:
                return False
            self.is_unfinished = False
        return True

    def result(self) -> list[Any]:
        """Return the rows, or raise what fetching them raised."""
        self.wait(None)
        rows, error = self._result
        if error is not None:
            raise error
        return rows

    def _run(self) -> None:
        try:
            self._results.put((self._fetch(), None))
        except BaseException as error:
            self._results.put(([], error))

# SPDX-License-Identifier: Apache-2.0
"""Users who stand twice among the rows: their last row alone is sent, or none at all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

from airflow_provider_userattrs.push.model.chunk import MAX_ROWS as CHUNK
from airflow_provider_userattrs.push.model.errors import DuplicateUsers, RefusedConfiguration, SourceInterrupted
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.row import Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome
from airflow_provider_userattrs.push.model.verdicts import DUPLICATE, HELD_WITH_DUPLICATES, SUPERSEDED

#: Rows that are held at most; with ten attributes each takes some 1.8 KB.
MAX_ROWS = 500_000

_NO_ROW: Row = {}


class Duplicates:
    """Holds all rows until the last one is read, because any user may come once more.

    A row counts for its user whatever becomes of it: if the last one is filtered out or invalid, no earlier one is
    sent.

    :param mode: ``"last"`` to send the last row of each user, ``"error"`` to send none if a user stands twice.
    :param user_of: row -> what identifies its user, or None if that is not known.
    :param is_interrupted: returns whether to stop reading.
    :param max_rows: how many rows may be held.
    """

    def __init__(
        self,
        mode: str,
        user_of: Callable[[Any], Hashable],
        is_interrupted: Callable[[], bool] = lambda: False,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._mode = mode
        self._user_of = user_of
        self._is_interrupted = is_interrupted
        self._max_rows = max_rows
        self._held: list[UserUpdate | Outcome] = []
        #: User -> the index of the last row so far.
        self._last: dict[Hashable, int] = {}
        self._twice: set[int] = set()

    def select(self, chunks: Iterable[Sequence[UserUpdate | Outcome]]) -> Iterator[Sequence[UserUpdate | Outcome]]:
        """Yield the rows in their order, once all are read; in place of one that is not to be sent its outcome.

        :param chunks: the rows in their order, as updates, or as outcomes where there is nothing to send.
        :raises DuplicateUsers: after the last row, if a user stands twice and that is an error.
        :raises RefusedConfiguration: if there are too many rows to hold; nothing is sent then.
        """
        for chunk in chunks:
            self._hold(chunk)
            if self._is_interrupted():
                raise SourceInterrupted
        self._last.clear()
        rows, twice = len(self._held), len(self._twice)
        if twice:
            self._refuse_all()
        self._held.reverse()
        while self._held:
            following = self._held[-CHUNK:]
            del self._held[-CHUNK:]  # what is sent is not held any longer
            following.reverse()
            yield following
        if twice:
            raise DuplicateUsers(
                f"{twice:,} of {counted(rows, 'row')} name a user whom another row names too, so none was sent "
                '(duplicates="error"). Keep one row for each user in the query, or give duplicates="last"'
            )

    def _hold(self, chunk: Sequence[UserUpdate | Outcome]) -> None:
        held, last = self._held, self._last
        if len(held) + len(chunk) > self._max_rows:
            raise RefusedConfiguration(
                f'duplicates="{self._mode}" holds all rows in memory until the last one is read, at most '
                f"{self._max_rows:,}, and there are more; have the query keep one row for each user, as by "
                "ROW_NUMBER(), and leave duplicates out"
            )
        for index, update in enumerate(chunk, len(held)):
            held.append(update)
            user = update.keys[0] if update.keys else self._user_of(update.row)
            if user is None:
                continue
            earlier = last.get(user)
            last[user] = index
            if earlier is not None:
                self._pass_over(earlier, index)

    def _pass_over(self, earlier: int, index: int) -> None:
        """Note that a user stands twice."""
        if self._mode == "error":
            self._twice |= {earlier, index}
        elif isinstance(before := self._held[earlier], UserUpdate):
            self._held[earlier] = Outcome(before.position, SUPERSEDED, _NO_ROW, before.user)

    def _refuse_all(self) -> None:
        for index, update in enumerate(self._held):
            if isinstance(update, UserUpdate):
                verdict = DUPLICATE if index in self._twice else HELD_WITH_DUPLICATES
                self._held[index] = Outcome(update.position, verdict, update.row, update.user)

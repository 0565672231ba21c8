# SPDX-License-Identifier: Apache-2.0
"""One push, split over the tasks of a mapped operator: parts of a source that together hold every row once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from airflow_provider_userattrs.push.model.keys import PERSONAL, encode_key
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.sources.arguments import refuse
from airflow_provider_userattrs.sources.database.key_query import KeyHash, KeyPart, KeyRange, quantiles
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.handover import hand_over, task_context
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.sources.storage.stored_files import Piece
from airflow_provider_userattrs.sources.templates import render

__all__ = ["shards"]

#: As many tasks as Airflow maps over by default, [core] max_map_length.
_MOST = 1024


def shards(source: Any, n: int, *, by: str | None = None, at_once: int | None = None) -> list[dict[str, Any]]:
    """Return the kwargs for ``Operator.partial(...).expand_kwargs(...)`` that split a push into shards.

    Together the shards hold every row once. Each takes its part of the cap, so that those at work at one time keep it
    together; so give the operator ``max_active_tis_per_dagrun=at_once`` where that is fewer than all. Rows of one user
    are in their order within a shard only: give ``SqlRows`` the user's id for a key.

    Call it in a task: it reads where the rows are. Only with ``by="hash"`` may it stand in the DAG file itself.

    :param source: `SqlRows` with a key, or `FileRows`, which is split by the sizes of its files and, of Parquet, of
        their row groups; a file of another format is not split.
    :param n: how many shards; of files there may be fewer.
    :param by: how keys are split: ``"hash"``, for PostgreSQL, MySQL and SQLite; or ``"range"``, into ranges of equally
        many rows, for which the query is read once. The keys at the edges of the ranges stand in an XCom in clear;
        so by default text and bytes, which may name a person, are split by hash, and other keys by range.
    :param at_once: how many shards are at work at one time, at most; None for all.
    :raises ValueError: if an argument cannot work, or there is no task to read the source in.
    """
    for name, value in (("n", n), ("at_once", n if at_once is None else at_once)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
            refuse(name, value, f"give a number of shards (int) from 1 to {_MOST:,}")
    if by not in (None, "range", "hash"):
        refuse("by", by, "use 'range' or 'hash'")
    context = task_context()
    if context is not None:
        source = render(source, context)
    elif by != "hash" or isinstance(source, FileRows):
        raise ValueError(
            "shards reads where the rows are, which is for a task and not for the DAG file: call it in a @task and "
            "give its output to expand_kwargs"
        )
    parts = split(source, n, by)
    most = min(at_once or n, len(parts))
    return [
        {"users": hand_over(part), "shard": asdict(Shard(number, len(parts), most))}
        for number, part in enumerate(parts, 1)
    ]


def split(source: Any, n: int, by: str | None = None) -> list[Any]:
    """Return the parts of a source, rendered; together they hold every row once.

    :param source: `SqlRows` with a key, or `FileRows`.
    :param n: how many parts, at most.
    :param by: ``"range"`` or ``"hash"``; None for what suits the keys.
    :raises ValueError: if the source cannot be split.
    """
    if isinstance(source, FileRows):
        return [source.some(pieces) for pieces in _fill(source.measure(), n)]
    if not isinstance(source, SqlRows):
        refuse("source", source, "give SqlRows with a key, or FileRows")
    if source.key is None:
        raise ValueError("source has no key; give SqlRows key= a column that is unique and never NULL")
    return [source.where(part) for part in _parts(source, n, by)]


def _parts(source: SqlRows, n: int, by: str | None) -> Sequence[KeyPart]:
    hashes = [KeyHash(remainder, n) for remainder in range(n)]
    if by == "hash":
        return hashes
    if by is None:
        key, driver = source.first_key()
        if key is not None and encode_key(key)[0] in PERSONAL:
            hashes[0].conditions(str(source.key), driver)  # known at once if there are none
            return hashes
    return _ranges(source, n)


def _ranges(source: SqlRows, n: int) -> list[KeyRange]:
    query = SqlRows(quantiles(source.sql, source.quoted_key(), n), conn_id=source.conn_id, parameters=source.parameters)
    lasts: Iterator[Any] = query.rows()  # without types there are rows only, of one column
    edges = [None, *(encode_key(key) for row in lasts for key in row.values()), None]
    return [KeyRange(above, upto) for above, upto in pairwise(edges)]


def _fill(measured: list[tuple[int, Piece]], n: int) -> list[list[Piece]]:
    """Put pieces, the largest first, where there is least so far; then neighbours of one file together again."""
    filled: list[tuple[int, list[tuple[int, Piece]]]] = [(0, []) for _ in range(min(n, len(measured)))]
    for place, (size, piece) in sorted(enumerate(measured), key=lambda item: -item[1][0]):
        least = min(range(len(filled)), key=lambda at: (filled[at][0], len(filled[at][1])))
        filled[least] = (filled[least][0] + size, [*filled[least][1], (place, piece)])
    return [_joined([piece for _, piece in sorted(pieces, key=lambda item: item[0])]) for _, pieces in filled]


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and last.groups and piece.groups and (last.file, last.groups[1]) == (piece.file, piece.groups[0]):
            joined[-1] = last._replace(groups=(last.groups[0], piece.groups[1]))
        else:
            joined.append(piece)
    return joined

# SPDX-License-Identifier: Apache-2.0
"""Splits a push into shards, one for each instance of a mapped operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.keys import PERSONAL, encode_key
from airflow_provider_userattrs.push.model.shard import MAX_SHARDS, Shard
from airflow_provider_userattrs.sources.arguments import refuse_argument
from airflow_provider_userattrs.sources.database.key_query import KeyFilter, KeyHash, KeyRange, quantiles
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.handover import hand_over, task_context
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.sources.storage.stored_files import FileSlice
from airflow_provider_userattrs.sources.templates import render

__all__ = ["shards"]


def shards(source: Any, n: int, *, by: str | None = None, at_once: int | None = None) -> list[dict[str, Any]]:
    """Split a push into shards; return the kwargs for ``Operator.partial(...).expand_kwargs(...)``.

    Every row is in exactly one shard. Each shard takes its share of the cap, so that those running at the same time
    keep the cap together; give the operator ``max_active_tis_per_dagrun=at_once`` if that is fewer than all. Updates to
    one user are applied in the order of the rows only within a shard: let the key of ``SqlRows`` be the user's id.

    Call it in a task, because it reads from the source. Only with ``by="hash"`` may it be called in the DAG file.

    :param source: `SqlRows` with a key; or `FileRows`, which is split by the sizes of its files and, for Parquet, of
        their row groups. A file of another format is not split.
    :param n: how many shards; files may yield fewer.
    :param by: how keys are split: ``"hash"``, for PostgreSQL, MySQL and SQLite; or ``"range"``, into ranges with equal
        numbers of rows, for which the query is read once. The keys at the edges of the ranges are stored in an XCom,
        in clear text; so by default text and bytes, which may identify a person, are split by hash, and other keys by
        range.
    :param at_once: how many shards run at the same time, at most; None for all.
    :raises ValueError: if an argument is wrong, or the source must be read and no task is running.
    """
    for name, value in (("n", n), ("at_once", n if at_once is None else at_once)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SHARDS:
            refuse_argument(name, value, f"give a number of shards (int) from 1 to {MAX_SHARDS:,}")
    if by not in (None, "range", "hash"):
        refuse_argument("by", by, "use 'range' or 'hash'")
    context = task_context()
    if context is not None:
        source = render(source, context)
    elif by != "hash" or isinstance(source, FileRows):
        raise ValueError(
            "shards reads from the source, which the DAG file must not do: call it in a @task and give its output to "
            "expand_kwargs"
        )
    sources = split(source, n, by)
    running = min(at_once or n, len(sources))
    return [
        {"users": hand_over(part), "shard": asdict(Shard(number, len(sources), running))}
        for number, part in enumerate(sources, 1)
    ]


def split(source: Any, n: int, by: str | None = None) -> list[Any]:
    """Split a rendered source into several, which together hold every row once.

    :param source: `SqlRows` with a key, or `FileRows`.
    :param n: how many, at most.
    :param by: ``"range"`` or ``"hash"``; None to choose by the type of the keys.
    :raises ValueError: if the source cannot be split.
    """
    if isinstance(source, FileRows):
        return [source.only(slices) for slices in _distribute(source.sized_slices(), n)]
    if not isinstance(source, SqlRows):
        refuse_argument("source", source, "give SqlRows with a key, or FileRows")
    if source.key is None:
        raise ValueError("source has no key; give SqlRows key= a column that is unique and never NULL")
    return [source.where(key_filter) for key_filter in _key_filters(source, n, by)]


def _key_filters(source: SqlRows, n: int, by: str | None) -> Sequence[KeyFilter]:
    hashes = [KeyHash(remainder, n) for remainder in range(n)]
    if by == "hash":
        return hashes
    if by is None:
        key, driver = source.any_key()
        if key is not None and encode_key(key)[0] in PERSONAL:
            hashes[0].conditions(str(source.key), driver)  # raises at once if the database has no hash function
            return hashes
    return _ranges(source, n)


def _ranges(source: SqlRows, n: int) -> list[KeyRange]:
    query = SqlRows(quantiles(source.sql, source.quoted_key(), n), conn_id=source.conn_id, parameters=source.parameters)
    last_keys: Iterator[Any] = query.rows()  # rows of one column
    try:
        edges = [None, *(encode_key(key) for row in last_keys for key in row.values()), None]
    except RefusedConfiguration:
        source.check_key()
        raise
    return [KeyRange(above, upto) for above, upto in pairwise(edges)]


def _distribute(sized: list[tuple[int, FileSlice]], n: int) -> list[list[FileSlice]]:
    """Distribute slices over up to ``n`` shards: the largest first, each to the shard that has the least so far."""
    shards: list[tuple[int, list[tuple[int, FileSlice]]]] = [(0, []) for _ in range(min(n, len(sized)))]
    for index, (size, item) in sorted(enumerate(sized), key=lambda entry: -entry[1][0]):
        least = min(range(len(shards)), key=lambda number: (shards[number][0], len(shards[number][1])))
        shards[least] = (shards[least][0] + size, [*shards[least][1], (index, item)])
    return [_joined([item for _, item in sorted(slices, key=lambda entry: entry[0])]) for _, slices in shards]


def _joined(slices: list[FileSlice]) -> list[FileSlice]:
    """Join adjacent row groups of one file."""
    joined: list[FileSlice] = []
    for item in slices:
        last = joined[-1] if joined else None
        if (
            last
            and last.row_groups
            and item.row_groups
            and (last.file, last.row_groups[1]) == (item.file, item.row_groups[0])
        ):
            joined[-1] = last._replace(row_groups=(last.row_groups[0], item.row_groups[1]))
        else:
            joined.append(item)
    return joined

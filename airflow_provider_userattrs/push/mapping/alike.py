# SPDX-License-Identifier: Apache-2.0
"""Which rows of a chunk have the same columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from airflow_provider_userattrs.push.mapping.shapes import Names
from airflow_provider_userattrs.push.model.chunk import Chunk, Table
from airflow_provider_userattrs.push.model.row import MalformedRow


def alike(chunk: Chunk) -> Iterator[tuple[Names | None, Sequence[int]]]:
    """Yield the columns of rows that have the same, and the rows' indexes; None for rows that are of another kind."""
    rows, names = chunk.rows, chunk.names
    if names is not None and type(rows) is Table:
        yield names, range(len(rows))
        return
    kinds = set(map(type, rows))
    shapes: Iterable[Names | None]
    if names is not None:
        if MalformedRow not in kinds:
            yield names, range(len(rows))
            return
        shapes = (None if type(row) is MalformedRow else names for row in rows)
    elif kinds == {dict}:
        if all(map(tuple(rows[0]).__eq__, map(tuple, rows))):
            yield tuple(rows[0]), range(len(rows))
            return
        shapes = map(tuple, rows)
    else:
        shapes = (tuple(row) if type(row) is dict else None for row in rows)
    indexes: defaultdict[Names | None, list[int]] = defaultdict(list)
    for index, shape in enumerate(shapes):
        indexes[shape].append(index)
    yield from indexes.items()

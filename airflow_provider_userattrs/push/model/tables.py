# SPDX-License-Identifier: Apache-2.0
"""How what libraries and databases return becomes a list of dicts, in words.

A type is known by the names of its package and class: nothing is imported to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: (top-level package, class) -> the expression that returns a list of dicts.
_TABLES = {
    ("dask", "DataFrame"): 'df.compute().to_dict("records")',
    ("duckdb", "DuckDBPyRelation"): "relation.to_arrow_table().to_pylist()",
    ("numpy", "ndarray"): "[dict(zip(columns, row)) for row in array.tolist()]",
    ("pandas", "DataFrame"): 'df.to_dict("records")',
    ("pandas", "Series"): 'series.reset_index().to_dict("records")',
    ("polars", "DataFrame"): "df.to_dicts()",
    ("polars", "LazyFrame"): "df.collect().to_dicts()",
    ("polars", "Series"): "series.to_frame().to_dicts()",
    ("pyarrow", "RecordBatch"): "batch.to_pylist()",
    ("pyarrow", "Table"): "table.to_pylist()",
    ("pyspark", "DataFrame"): "[row.asDict() for row in df.collect()]",
}


def as_dicts(value: Any) -> str | None:
    """Return the expression that makes a list of dicts of a value, or None if none is known.

    :param value: what was given where a list of dicts belongs.
    """
    known = (_TABLES[name] for name in _names(value) if name in _TABLES)
    if (expression := next(known, None)) is not None:
        return expression
    if hasattr(type(value), "fetchall"):  # a database cursor
        return "[dict(zip([column[0] for column in cursor.description], row)) for row in cursor]"
    return "list(rows)" if hasattr(type(value), "__next__") else None


def _names(value: Any) -> Iterator[tuple[str, str]]:
    for kind in type(value).__mro__:
        yield kind.__module__.lstrip("_").partition(".")[0], kind.__name__

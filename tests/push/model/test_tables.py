# SPDX-License-Identifier: Apache-2.0
"""What is said to make a list of dicts of a table does so, with the libraries that are there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.tables import as_dicts

ROWS = [{"id": 1, "plan": "gold"}, {"id": 2, "plan": "free"}]


def test_tables_of_libraries() -> None:
    pandas, numpy, pyarrow = (pytest.importorskip(name) for name in ("pandas", "numpy", "pyarrow"))
    table = pyarrow.Table.from_pylist(ROWS)
    tables: dict[str, Any] = {
        "df": pandas.DataFrame(ROWS),
        "series": pandas.Series(["gold", "free"], index=pandas.Index([1, 2], name="id"), name="plan"),
        "table": table,
        "batch": table.to_batches()[0],
        "array": numpy.array([[1, "gold"], [2, "free"]], dtype=object),
    }
    for name, value in tables.items():
        expression = as_dicts(value)
        assert expression is not None, name
        assert eval(expression, {"columns": ["id", "plan"], name: value}) == ROWS, name


def test_a_cursor_and_an_iterator() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        cursor = database.execute("SELECT 1 AS id, 'gold' AS plan UNION ALL SELECT 2, 'free'")
        assert eval(str(as_dicts(cursor)), {"cursor": cursor}) == ROWS
    rows = iter(ROWS)
    assert eval(str(as_dicts(rows)), {"rows": rows}) == ROWS


@pytest.mark.parametrize(
    ("package", "kind", "expression"),
    [
        ("polars.dataframe.frame", "DataFrame", "df.to_dicts()"),
        ("polars.lazyframe.frame", "LazyFrame", "df.collect().to_dicts()"),
        ("pyspark.sql.classic.dataframe", "DataFrame", "[row.asDict() for row in df.collect()]"),
        ("_duckdb", "DuckDBPyRelation", "relation.to_arrow_table().to_pylist()"),
        ("of_somebody", "DataFrame", None),
    ],
)
def test_a_type_is_known_by_its_names(package: str, kind: str, expression: str | None) -> None:
    parent = type(kind, (), {"__module__": package})
    assert as_dicts(parent()) == as_dicts(type("Own", (parent,), {})()) == expression


@pytest.mark.parametrize(
    "value", [None, 5, "ada", {"id": 1}, ROWS, (1, 2), {1}], ids=lambda value: type(value).__name__
)
def test_what_is_no_table(value: Any) -> None:
    assert as_dicts(value) is None

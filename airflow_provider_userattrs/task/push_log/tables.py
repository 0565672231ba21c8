# SPDX-License-Identifier: Apache-2.0
"""The tables of a log in the warehouse: their columns, the statements that make them, and their versions.

Names and types are those that databases have in common, in lower case and without quotes. Times are in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from airflow_provider_userattrs.sources.database.drivers import MYSQL

#: How long a text may be, by its column; a longer one is cut.
LENGTHS = {
    "push_id": 32,
    "dag_id": 250,
    "task_id": 250,
    "run_id": 250,
    "vendor": 50,
    "operation": 50,
    "destination": 500,
    "state": 10,
    "user_digest": 32,
    "user_id": 500,
    "status": 10,
    "code": 100,
    "reason": 500,
    "attribute": 250,
    "request_id": 200,
    "warning": 2_000,
    "failure": 2_000,
    "key_check": 8,
    "package_version": 50,
}

_TEXT = "VARCHAR({})"

RUNS = (
    *("push_id", "try_number", "dag_id", "task_id", "run_id", "map_index", "shard_number", "shard_of"),
    *("vendor", "operation", "destination", "state", "started_at", "ended_at", "resumed_from", "rows_read"),
    *("rows_accepted", "rows_partial", "rows_rejected", "rows_invalid", "rows_skipped", "rows_unknown", "rows_unsent"),
    *("requests", "retries", "lines_lost", "warning", "failure", "key_check", "package_version"),
)
ROWS = (
    *("push_id", "try_number", "line_number", "dag_id", "task_id", "run_id", "map_index", "vendor", "operation"),
    *("row_position", "user_digest", "user_id", "status", "code", "reason", "attribute", "request_id", "recorded_at"),
)
LATEST = (
    *("dag_id", "task_id", "user_digest", "user_id", "vendor", "operation", "status", "code", "reason", "attribute"),
    *("since", "failing_since", "recorded_at", "run_id", "key_check"),
)

_TIMES = frozenset({"started_at", "ended_at", "recorded_at", "since", "failing_since"})
_INTEGERS = frozenset({"try_number", "map_index", "shard_number", "shard_of"})

#: Table -> its columns, and those of its primary key.
_TABLES = {
    "userattrs_runs": (RUNS, ("push_id", "try_number")),
    "userattrs_rows": (ROWS, ("push_id", "try_number", "line_number")),
    "userattrs_latest": (LATEST, ("dag_id", "task_id", "user_digest")),
}


@dataclass(frozen=True)
class Dialect:
    """In what databases differ.

    :param time: the type of a time.
    :param options: what follows the columns of a new table.
    """

    time: str = "TIMESTAMP"
    options: str = ""


#: The driver's top-level package -> its dialect. A TIMESTAMP of MySQL ends in 2038 and changes with the session's zone.
_DIALECTS = dict.fromkeys(MYSQL, Dialect("DATETIME(6)", " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"))


class Names(NamedTuple):
    """The tables' names, with the schema.

    :param schema: the schema, or None for the connection's default.
    """

    schema: str | None

    def __call__(self, table: str) -> str:
        """Return a table's name."""
        return table if self.schema is None else f"{self.schema}.{table}"


def migrations(names: Names, driver: str) -> list[list[str]]:
    """Return the statements that bring the tables from each version to the next; the first make them.

    A later version adds columns only, so that an older package can go on writing.

    :param names: the tables' names.
    :param driver: the driver's top-level package.
    """
    dialect = _DIALECTS.get(driver, Dialect())
    version = f"CREATE TABLE IF NOT EXISTS {names('userattrs_version')} (version INTEGER NOT NULL)"
    return [[version, *(_create(names(table), *columns, dialect) for table, columns in _TABLES.items())]]


def _create(name: str, columns: tuple[str, ...], key: tuple[str, ...], dialect: Dialect) -> str:
    lines = [
        *(f"{column} {_type(column, dialect)}{' NOT NULL' if column in key else ''}" for column in columns),
        f"PRIMARY KEY ({', '.join(key)})",
    ]
    return f"CREATE TABLE IF NOT EXISTS {name} (\n    " + ",\n    ".join(lines) + f"\n){dialect.options}"


def _type(column: str, dialect: Dialect) -> str:
    if column in LENGTHS:
        return _TEXT.format(LENGTHS[column])
    if column in _TIMES:
        return dialect.time
    return "INTEGER" if column in _INTEGERS else "BIGINT"

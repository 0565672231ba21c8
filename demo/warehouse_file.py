# SPDX-License-Identifier: Apache-2.0
"""The demo's warehouse: the made-up users as a table in SQLite, or in any database."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

USERS = Path(__file__).resolve().parent.parent / "example_dags" / "made_up_users.csv"

#: The columns and their types, as PostgreSQL has them; SQLite takes the names and keeps what it is given.
COLUMNS = {
    "euid": "text",
    "customer_id": "text PRIMARY KEY",
    "username": "text",
    "email": "text",
    "first_name": "text",
    "city": "text",
    "plan": "text",
    "birthday": "date",
    "last_order_at": "timestamptz",
    "lifetime_value": "numeric",
    "orders": "integer",
    "newsletter": "boolean",
    "phone": "text",
    "bio": "text",
}

TABLE = f"CREATE TABLE users ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"


def read() -> list[tuple[Any, ...]]:
    """Return the users, in the order of the columns; an empty field is NULL."""
    with USERS.open(encoding="utf-8", newline="") as file:
        rows = [dict(row) for row in csv.DictReader(file)]
    return [tuple(_value(name, row[name]) for name in COLUMNS) for row in rows]


def write(path: Path) -> None:
    """Create the warehouse as an SQLite file, replacing an existing one."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(TABLE)
        database.executemany(f"INSERT INTO users VALUES ({', '.join('?' * len(COLUMNS))})", read())


def _value(name: str, text: str) -> Any:
    if not text:
        return None
    if name == "newsletter":
        return text == "true"
    return int(text) if name == "orders" else text

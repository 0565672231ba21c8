# SPDX-License-Identifier: Apache-2.0
"""What the example DAGs read from the connection ``warehouse``: PostgreSQL in production, SQLite in the demo."""

from __future__ import annotations

from airflow_provider_userattrs import SqlRows

#: Types that SQLite lacks; PostgreSQL's own types stay as they are.
TYPES = {"birthday": "date", "last_order_at": "timestamp", "lifetime_value": "decimal", "newsletter": "boolean"}

USERS = SqlRows("SELECT * FROM users", conn_id="warehouse", key="customer_id", types=TYPES)

LEFT_THE_NEWSLETTER = SqlRows(
    "SELECT euid, username, customer_id FROM users WHERE NOT newsletter", conn_id="warehouse", key="customer_id"
)

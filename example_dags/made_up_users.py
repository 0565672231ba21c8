# SPDX-License-Identifier: Apache-2.0
"""Where the example DAGs get their users from: a file, in place of a query on your warehouse."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

_TYPES = {
    "birthday": date.fromisoformat,
    "last_order_at": datetime.fromisoformat,
    "lifetime_value": Decimal,
    "orders": int,
    "newsletter": "true".__eq__,
}


def read_users() -> list[dict[str, Any]]:
    """Return 2,000 made-up users, with the types a warehouse would give their columns; an empty field is NULL."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return [
            {name: _TYPES.get(name, str)(text) if text else None for name, text in row.items()}
            for row in csv.DictReader(file)
        ]

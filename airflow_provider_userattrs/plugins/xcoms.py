# SPDX-License-Identifier: Apache-2.0
"""Which of Airflow's XComs may be the report of a push, and what one holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow.models.xcom import XComModel
from sqlalchemy import Text, and_, cast, func

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

#: The key of a task's return value, which is the report of a push.
REPORT_KEY = "return_value"

#: Longest XCom that is read, in characters. A report has under 16,384; other tasks' XComs may be large.
_MAX_LENGTH = 40_000

#: A field that every report has, of whatever version, and hardly anything else.
_FIELD = "accepted_means"


def is_small() -> ColumnElement[bool]:
    """Return the condition that an XCom is not too large to be read."""
    return func.length(cast(XComModel.value, Text)) < _MAX_LENGTH


def may_be_report() -> ColumnElement[bool]:
    """Return the condition that an XCom is a return value that may be a report."""
    return and_(XComModel.key == REPORT_KEY, is_small(), cast(XComModel.value, Text).contains(_FIELD, autoescape=True))


def decoded(value: Any) -> Any:
    """Return what an XCom holds, of plain JSON alone; anything else stays as it is stored."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):  # the API stores a value as it is
        return value

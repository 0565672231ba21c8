# SPDX-License-Identifier: Apache-2.0
"""Which rows are pushed at all: those in which a column is true."""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.push.mapping.scalars import check_missing, parse_boolean
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import FILTERED, MISSING_COLUMN

UNCLEAR = Verdict(
    Status.INVALID,
    "neither-true-nor-false",
    "value in where's column that is neither true nor false",
    "Give a column of booleans, or of what types={column: 'boolean'} takes for them; NULL is not true.",
)


class Filter:
    """Decides by a column whether a row is pushed.

    True are the boolean, 1, and the words that a column declared as boolean may have; false and NULL are not. Whatever
    is neither makes its row invalid: a user who did not consent must not be pushed because of a word nobody foresaw.

    :param column: the column.
    """

    def __init__(self, column: str) -> None:
        self.column = column
        #: The verdict on a row without the column.
        self.missing = MISSING_COLUMN.on(column)
        self._filtered = FILTERED.on(column)

    def __call__(self, row: Row) -> Verdict | None:
        """Return the verdict on a row that is not pushed, or None."""
        try:
            value = row[self.column]
        except KeyError:
            return self.missing
        except Exception:  # a row of some library's own may run code when it is read
            return UNCONVERTIBLE.on(self.column)
        return self.judge(value)

    def judge(self, value: Any) -> Verdict | None:
        """Return the verdict on a row that has a value in the column and is not pushed, or None."""
        if value is True:
            return None
        if value is None or value is False:
            return self._filtered
        try:
            unfit = check_missing(value)
            is_true = None if unfit else parse_boolean(value)
        except Exception:  # a value may run code too
            return UNCONVERTIBLE.on(self.column)
        if is_true is None:
            return (unfit or UNCLEAR).on(self.column)
        return None if is_true else self._filtered

    def holds_back(self, row: MalformedRow) -> bool:
        """Return whether a row that its source could not read whole is filtered, as far as it could be read."""
        faults = (row.verdict, *row.verdict.others)
        if row.fit is None or any(fault.attribute == self.column for fault in faults):
            return False
        return self(row.fit) is self._filtered

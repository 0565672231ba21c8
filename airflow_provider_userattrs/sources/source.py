# SPDX-License-Identifier: Apache-2.0
"""What a source is: an object that yields rows, of this package or of a DAG author's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import MalformedRow, Row


@runtime_checkable
class Source(Protocol):
    """What rows can come from besides a list.

    A source may also have ``template_fields`` and ``template_ext``; ``identity()``, a small JSON value that changes
    when its rows or their order change, without which a retry starts at the first row; ``check_resume()``, a clause on
    why a retry cannot resume where the last try stopped, or None; ``are_alike``, whether all rows have the same
    columns; ``are_declared``, whether it declares them, so that errors may name them; ``column_names()``, which these
    are, once the rows have been read; ``count()``, how many rows there are, without which the operator's
    ``expect_rows`` and ``max_change`` are refused; and it may yield `Cursor` or `Keys` among its rows.
    """

    def rows(self) -> Iterator[Row | MalformedRow | Cursor | Keys]:
        """Yield the rows in order, from the first one each time."""

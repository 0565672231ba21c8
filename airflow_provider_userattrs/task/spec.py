# SPDX-License-Identifier: Apache-2.0
"""The specification of a push: an operator's parameters, rendered and checked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.push.row_guard import RowGuard
from airflow_provider_userattrs.push_log import PushLog
from airflow_provider_userattrs.sources.database.window import Window
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.log import Log
from airflow_provider_userattrs.task.user_cache import CacheSpec


class Users(Protocol):
    """The rows of a push."""

    @property
    def are_alike(self) -> bool:
        """Return whether all rows have the same columns."""

    @property
    def are_declared(self) -> bool:
        """Return whether the source declares its columns, so that their names are no user's data."""

    def column_names(self) -> Sequence[str] | None:
        """Return the columns that all rows have, if that is known once they are read."""

    def rows(self, after: Any = None) -> Generator[Any]:
        """Yield the rows, with the source's cursors or keys between them.

        :param after: where to resume; None for all rows.
        """

    def count(self) -> int | None:
        """Return how many rows there are, if that is known before they are read."""

    def source_count(self) -> int:
        """Count the rows of the whole source, also those that are not read because they are not new."""

    @property
    def are_skipped(self) -> bool:
        """Return whether there are no rows because all upstream tasks were skipped."""

    def digest(self) -> str | None:
        """Return a digest that changes when the rows do; None if there is none."""

    def reads(self, path: str) -> bool:
        """Return whether the rows are read from a file."""

    def check_resume(self) -> str | None:
        """Return why a retry cannot resume where the last try stopped, or None."""

    @property
    def read_by(self) -> str | None:
        """Return the column by which the rows are read, each of whose values comes once; None if there is none."""

    @property
    def hashed_by(self) -> str | None:
        """Return the column by whose hash the rows were split into shards, or None."""

    @property
    def windowed(self) -> SqlRows | None:
        """Return the source, if it reads only rows that are new; None if it reads all."""

    def read_within(self, window: Window) -> None:
        """Read the rows of a window only.

        :param window: the window.
        """

    def read_first(self, limit: int) -> None:
        """Have no more than the first rows fetched, where many are fetched at once.

        :param limit: how many are read.
        """

    def large_xcom_warning(self) -> str | None:
        """Return a sentence on rows that are too many for an XCom, or None."""


@dataclass(frozen=True)
class PushSpec:
    """What a push does and how.

    :param operation: what is done, and the vendor's limits.
    :param make_mapper: makes what turns rows into updates; may raise `InvalidRow`.
    :param make_hook: makes the hook; may raise `RefusedConfiguration`.
    :param users: the rows.
    :param columns_field: the parameter that says what is set or unset.
    :param named_columns: column -> the parameter that names it.
    :param identity: what decides what becomes of a row, besides rows and connection.
    :param parameters: the parameters by their names, as the report is to show them.
    :param log: the task's log.
    :param refused: what is wrong with a parameter, or None.
    :param user_cache: where looked-up users are kept from one push to the next; None for nowhere.
    :param verify: how many of the accepted users are read back; 0 for none.
    :param changed_only: how only what changed is sent; None to send all.
    :param guard: what is expected of the number of rows.
    :param log_to: where verdicts are logged; None for nowhere.
    :param retries: how often Airflow tries the task again, where its task instance does not say so.

    The others are the parameters of `UserPushOperator`.
    """

    operation: Operation
    make_mapper: Callable[[], Mapper]
    make_hook: Callable[[], VendorHook]
    users: Users
    columns_field: str
    named_columns: Callable[[Mapper], dict[str, str]]
    identity: dict[str, Any]
    parameters: dict[str, Any]
    log: Log
    refused: RefusedConfiguration | None
    user_cache: CacheSpec | None
    verify: int
    changed_only: ChangedOnly | None
    log_to: PushLog | None
    retries: int
    guard: RowGuard
    shard: Shard | None
    rate_limit: float | None
    concurrency: int
    max_failed: int | float | None
    on_empty: str
    sample: int
    sample_values: bool
    limit: int | None
    duplicates: str
    dry_run: bool
    rejects_path: str | None
    checkpoint_path: str | None
    on_unknown: str
    allow_restart: bool

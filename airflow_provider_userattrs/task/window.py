# SPDX-License-Identifier: Apache-2.0
"""From `SqlRows(since=Watermark(...))` to the rows that one try reads."""

from __future__ import annotations

from airflow_provider_userattrs.push.changes.windowed import WindowedRows
from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.report import Changes
from airflow_provider_userattrs.sources.database.window import Times
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.seal import Seal


def windowed_rows(source: SqlRows, times: Times, plan: PushPlan, earlier: Changes | None, seal: Seal) -> WindowedRows:
    """Return what decides which rows are read.

    :param source: a source with ``since``.
    :param times: the database's.
    :param plan: where the try begins.
    :param earlier: what the earlier tries say of what changed, or None.
    :param seal: encrypts the keys of rows that failed.
    """
    since = source.since
    if since is None or source.key is None:
        raise ValueError("source reads all rows")
    constants = {} if plan.mapper is None else plan.mapper.constants
    return WindowedRows(
        since.column,
        source.key,
        # A constant or a column that is another one changes the update of each user, also of those whose rows are old.
        digest([source.query_digest(), times.columns, constants]),
        since.lag,
        times.now,
        seal,
        names=source.column_names,
        earlier=None if earlier is None else earlier.get("window"),
        failed_earlier=_failed_earlier(plan.checkpoint),
    )


def _failed_earlier(checkpoint: Checkpoint | None) -> str | None:
    """Return the keys of rows that failed in earlier tries, sealed; empty if none did, None if they are not known."""
    if checkpoint is None or not Counts.restored(checkpoint.counts).failed:
        return ""
    return checkpoint.facts.get("failed_keys")

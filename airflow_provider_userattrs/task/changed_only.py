# SPDX-License-Identifier: Apache-2.0
"""From `ChangedOnly` to the comparison of one try: which files are its own, and what makes them another push's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.shard import MAX_SHARDS, Shard
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.task.seal import Seal, check_of, derive
from airflow_provider_userattrs.task.spec import PushSpec
from airflow_provider_userattrs.task.storage_folder import StorageFolder, file_name
from airflow_provider_userattrs.task.window import windowed_rows

#: The version of what is made of rows and how it is digested; with another, every user is sent once.
_VERSION = "1"

_PURPOSE = b"airflow-provider-userattrs: digests of what a vendor is known to hold"


def open_comparison(
    changed_only: ChangedOnly,
    spec: PushSpec,
    plan: PushPlan,
    hook: VendorHook,
    ti: Any,
    on_failure: Callable[[Exception], None],
) -> Comparison:
    """Return the comparison of a push with what the vendor is known to hold.

    :param changed_only: as the author gave it, rendered.
    :param spec: what is to be pushed and how.
    :param plan: the plan so far: where the try begins, and the mapper.
    :param hook: the vendor's.
    :param ti: the task instance.
    :param on_failure: called with the error if what was learned cannot be kept at the end.
    :raises RefusedConfiguration: if users may be in another mapped task instance each time, or taken for removed.
    :raises RetryLater: if the files cannot be read.
    """
    _check_split(spec, plan, ti)
    unsets = changed_only.removed == "unset"
    if unsets:
        _check_removal(spec, plan)
    secret = derive(hook.settings.password, _PURPOSE)
    shard = spec.shard
    fingerprint = {
        "this package": _VERSION,
        "the operation": f"{spec.operation.vendor}: {spec.operation.name}",
        "the destination": hook.destination,
        "the mapping": digest([spec.identity]),
        "the number of shards": str(shard.of if shard else 1),
        "the connection's secret": check_of(secret),
    }
    name, outdated = _names(ti, shard)
    checkpoint = plan.checkpoint
    earlier = None if checkpoint is None else checkpoint.facts.get("changed_only")
    source, windowed = spec.users.windowed, None
    if source is not None:
        times = source.read_times()
        windowed = windowed_rows(source, times, plan, earlier, Seal(hook.settings.password))
    try:
        comparison = Comparison(
            KnownFiles(StorageFolder(changed_only.path), name, fingerprint, keeps_ids=unsets, outdated=outdated),
            secret,
            writes=not spec.dry_run,
            refresh_after=changed_only.refresh_after or spec.operation.refresh_after,
            full_refresh=changed_only.full_refresh,
            max_removed=changed_only.max_removed if unsets else None,
            looks_up=spec.operation.lookup is not None,
            attributes=tuple if plan.mapper is None else plan.mapper.sent_attributes,
            earlier=earlier,
            windowed=windowed,
            on_failure=on_failure,
            clock=plan.clock,
        )
    except (RefusedConfiguration, RetryLater):
        raise
    except Exception as error:  # each storage has exceptions of its own
        raise RetryLater(
            f"changed_only: the files in its path cannot be read or written ({type(error).__name__}: check the "
            "storage and its connection)"
        ) from error
    if windowed is not None and windowed.since is not None:
        spec.users.read_within(times.window(windowed.since, windowed.keys))
    return comparison


def _names(ti: Any, shard: Shard | None) -> tuple[str, list[str]]:
    """Return what the names of the files begin with, and of those that a push in other shards, or in none, has left."""
    whole = file_name(ti.dag_id, ti.task_id)
    shards = [file_name(ti.dag_id, ti.task_id, str(number)) for number in range(1, MAX_SHARDS + 1)]
    return (whole, shards) if shard is None else (shards[shard.number - 1], [whole, *shards[shard.of :]])


def _check_removal(spec: PushSpec, plan: PushPlan) -> None:
    """Check that nobody of whom there is a row is taken for one who left."""
    columns = () if plan.mapper is None else plan.mapper.user_columns
    if spec.shard is not None and spec.shard.of > 1 and len(columns) > 1:
        raise RefusedConfiguration(
            "changed_only.removed is 'unset', and the push is split: a user whom several columns name may be in "
            "another shard when one of them changes; name users by one column, use 'ignore', or push without shards"
        )


def _check_split(spec: PushSpec, plan: PushPlan, ti: Any) -> None:
    """Check that a user is in the same mapped task instance each time."""
    if spec.shard is None and (ti.map_index is None or ti.map_index < 0):
        return
    if spec.shard is not None and spec.shard.of == 1:
        return
    columns = () if plan.mapper is None else plan.mapper.user_columns
    if spec.users.hashed_by not in columns:
        raise RefusedConfiguration(
            "changed_only needs each user in the same mapped task instance every time; split with "
            f'shards(SqlRows(..., key={columns[0] if columns else "..."!r}), n, by="hash"), or push without mapping'
        )

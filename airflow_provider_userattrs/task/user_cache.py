# SPDX-License-Identifier: Apache-2.0
"""From the path of a cache of looked-up users to the cache of one try: which files are its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.push.changes.user_cache import UserCache
from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.task.seal import check_of, derive
from airflow_provider_userattrs.task.storage_folder import StorageFolder, file_name

_PURPOSE = b"airflow-provider-userattrs: digests of ids whose users were looked up"


@dataclass(frozen=True)
class CacheSpec:
    """Where looked-up users are kept.

    :param parameter: the operator's parameter, for errors.
    :param path: a folder.
    :param max_age: after how long a user is looked up again at the latest.
    """

    parameter: str
    path: str
    max_age: timedelta


def open_user_cache(
    given: CacheSpec,
    lookup: Operation,
    plan: PushPlan,
    hook: VendorHook,
    shard: Shard | None,
    on_failure: Callable[[Exception], None],
) -> UserCache:
    """Return the cache of a push. Tasks that look up the same kind of id with one connection share its files.

    :param given: where it is.
    :param lookup: the operation that looks up.
    :param plan: the plan so far.
    :param hook: the vendor's.
    :param shard: which shard of a push this is; each has files of its own.
    :param on_failure: called with the error if what was found cannot be kept.
    :raises RefusedConfiguration: if its storage is unknown.
    :raises RetryLater: if the files cannot be listed.
    """
    settings = hook.settings
    secret = derive(settings.password, _PURPOSE)
    project = digest([hook.transport.base_url, settings.login, lookup.vendor, lookup.name, check_of(secret)])[:16]
    part = [] if shard is None or shard.of == 1 else [f"{shard.number} of {shard.of}"]
    try:
        return UserCache(
            StorageFolder(given.path),
            file_name(hook.conn_type, project, *part),
            secret,
            max_age=given.max_age,
            writes=not plan.dry_run,
            on_failure=on_failure,
            clock=plan.clock,
        )
    except RefusedConfiguration as refused:
        raise RefusedConfiguration(f"{given.parameter}: {refused}") from None
    except Exception as error:  # each storage has exceptions of its own
        raise RetryLater(
            f"{given.parameter}: the files in its path cannot be listed ({type(error).__name__}: check the storage and "
            "its connection)"
        ) from error

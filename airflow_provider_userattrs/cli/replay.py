# SPDX-License-Identifier: Apache-2.0
"""Sends the rows of a rejects file again."""

from __future__ import annotations

import argparse
import os
from typing import Any

from airflow_provider_userattrs.cli.task import UNREADABLE, cannot_open, find_task, run_push
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import listed
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.storage.resolved_paths import MissingFile


def replay(given: argparse.Namespace) -> None:
    """Push the rows of a rejects file as a task pushes its own, or show what would be pushed."""
    task = find_task(given)
    changed: dict[str, Any] = {
        "users": Rejects(given.path, in_doubt=given.in_doubt),
        "is_dry_run": not given.send,
        "sample": 0 if given.send else given.sample,
        "sample_values": given.values,
        "limit": None,
        "shard": None,
        # What is known of users is the nightly push's: it sees itself that these were updated.
        "changed_only": None,
        "rejects_path": _whole(given.rejects) if given.send else None,
    }
    _say_whose(changed["users"], given)
    run_push(given, task, changed)
    if not given.send:
        print("Nothing was sent; add --send to send these rows")


def _say_whose(rejects: Rejects, given: argparse.Namespace) -> None:
    """Say whose rows they are, if another task pushed them; it may be one of another vendor.

    :raises CommandFailed: if a file of theirs cannot be opened.
    """
    try:
        others = rejects.tasks()
    except UNREADABLE as error:
        raise cannot_open(error) from None
    except (MissingFile, OSError, RefusedConfiguration):  # the push says what cannot be read
        return
    task = f"{given.dag_id}.{given.task_id}"
    if others := [other for other in others if other != task]:
        print(f"The rows are those of {listed(others)}, and are pushed as {task} pushes its own")


def _whole(path: str | None) -> str | None:
    """Return a path as the operator takes it: one on this machine begins where the command is called."""
    return path if path is None or "://" in path else os.path.abspath(path)

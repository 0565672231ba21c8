# SPDX-License-Identifier: Apache-2.0
"""Sends the rows of a rejects file again."""

from __future__ import annotations

import argparse
import os
from typing import Any

from airflow_provider_userattrs.cli.task import find_task, run_push
from airflow_provider_userattrs.sources.rejects import Rejects


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
    run_push(given, task, changed)
    if not given.send:
        print("Nothing was sent; add --send to send these rows")


def _whole(path: str | None) -> str | None:
    """Return a path as the operator takes it: one on this machine begins where the command is called."""
    return path if path is None or "://" in path else os.path.abspath(path)

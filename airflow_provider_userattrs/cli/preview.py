# SPDX-License-Identifier: Apache-2.0
"""Shows what a task would send."""

from __future__ import annotations

import argparse

from airflow_provider_userattrs.cli.task import find_task, run_push


def preview(given: argparse.Namespace) -> None:
    """Run a task's push as a dry run, of its first rows."""
    task = find_task(given)
    shown = {"is_dry_run": True, "sample": given.sample, "sample_values": given.values}
    run_push(given, task, {**shown, "limit": given.limit, "rejects_path": None})

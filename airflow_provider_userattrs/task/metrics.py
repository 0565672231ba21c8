# SPDX-License-Identifier: Apache-2.0
"""Airflow metrics of one try of a push; docs/metrics.md lists the names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from airflow_provider_userattrs._airflow import Stats


def count(
    vendor: str, operation: str, rows: Mapping[str, int], requests: int, retries: int, lookups: int, seconds: float
) -> None:
    """Emit the metrics of one try, each once with tags and once for backends without tags.

    :param vendor: the vendor's name.
    :param operation: what was done, such as ``"set attributes"``.
    :param rows: status -> how many rows this try gave it.
    :param requests: the requests it sent.
    :param retries: how many of them were sent again.
    :param lookups: the requests that looked up ids, which are not among these.
    :param seconds: how long it took.
    """
    tags = {"vendor": vendor.lower(), "operation": operation.replace(" ", "_")}
    push = f"{tags['vendor']}.{tags['operation']}"
    for status, rows_of_it in rows.items():
        if rows_of_it:
            Stats.incr(f"userattrs.rows.{push}.{status}", rows_of_it)
            Stats.incr("userattrs.rows", rows_of_it, tags={**tags, "status": status})
    for name, number in (("requests", requests), ("retries", retries), ("lookups", lookups)):
        if number:
            Stats.incr(f"userattrs.{name}.{push}", number)
            Stats.incr(f"userattrs.{name}", number, tags=tags)
    Stats.timing(f"userattrs.duration.{push}", timedelta(seconds=seconds))
    Stats.timing("userattrs.duration", timedelta(seconds=seconds), tags=tags)

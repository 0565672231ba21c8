# SPDX-License-Identifier: Apache-2.0
"""The sections that a report has only if the push has what they are about, added up over shards.

Each function returns its section under the report's name for it, or nothing if no shard has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.push.model.read_back import Finding
from airflow_provider_userattrs.push.report.lookups import add_up

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import PushReport, Removed, Window


def merge_sections(reports: Sequence[PushReport]) -> dict[str, Any]:
    """Return all of the sections."""
    return {
        **merge_limit(reports),
        **_sample(reports),
        **_source_rows(reports),
        **merge_changed_only(reports),
        **_lookups(reports),
        **_verified(reports),
        **_push_log(reports),
    }


def merge_limit(reports: Iterable[PushReport]) -> dict[str, Any]:
    """Return how many rows were to be read at most, or nothing if all were."""
    limits = [report["limit"] for report in reports if "limit" in report]
    if not limits:
        return {}
    return {"limit": {"rows": sum(each["rows"] for each in limits), "reached": any(each["reached"] for each in limits)}}


def _sample(reports: Iterable[PushReport]) -> dict[str, Any]:
    """Return the requests of the first shard that has some, or nothing if none were kept."""
    samples = [report["sample"] for report in reports if "sample" in report]
    return {"sample": max(samples, key=lambda sample: bool(sample["requests"]))} if samples else {}


def _source_rows(reports: Sequence[PushReport]) -> dict[str, Any]:
    """Return how many rows the sources of all shards had, or nothing if they were not all counted."""
    counts = [report["source_rows"] for report in reports if "source_rows" in report]
    return {"source_rows": sum(counts)} if len(counts) == len(reports) else {}


def merge_changed_only(reports: Iterable[PushReport]) -> dict[str, Any]:
    """Return what all reports say of what changed, or nothing if none does."""
    parts = [report["changed_only"] for report in reports if "changed_only" in report]
    if not parts:
        return {}
    windows = [part["window"] for part in parts if "window" in part]
    return {
        "changed_only": {
            **({"window": _window(windows)} if windows else {}),
            "began": min(part["began"] for part in parts),
            "known": sum(part["known"] for part in parts),
            "full": next((part["full"] for part in parts if part["full"]), None),
            "refreshed": sum(part["refreshed"] for part in parts),
            "failing": sum(part["failing"] for part in parts),
            "disputed": sum(part["disputed"] for part in parts),
            "failing_since": min((part["failing_since"] for part in parts if part["failing_since"]), default=None),
            "removed": _removed([removed for part in parts if (removed := part.get("removed"))]),
        }
    }


def _removed(parts: Sequence[Removed]) -> Removed | None:
    """Return what became of those who left the query, of all shards."""
    if not parts:
        return None
    looked = [part["left"] for part in parts if part["left"] is not None]
    withheld = max((part for part in parts if part["withheld"]), key=lambda part: part["left"] or 0, default=parts[0])
    why_withheld = withheld["withheld"]
    if why_withheld and len(parts) > 1:
        why_withheld = f"in one shard {why_withheld}"
    return {
        "left": sum(looked) if looked else None,
        "unset": sum(part["unset"] for part in parts),
        "gone": sum(part["gone"] for part in parts),
        "withheld": why_withheld,
        "why": next((part["why"] for part in parts if part["why"]), None),
    }


def _window(windows: Sequence[Window]) -> Window:
    """Return the window of all shards; each has a mark of its own."""
    all_ = next((window["all"] for window in windows if window["all"]), None)
    return {
        "column": windows[0]["column"],
        "since": None if all_ else min(window["since"] or "" for window in windows),
        "until": min(window["until"] for window in windows),
        "all": all_,
        "asked": sum(window["asked"] for window in windows),
        "failed_again": sum(window["failed_again"] for window in windows),
        "gone": sum(window["gone"] for window in windows),
        "remembered": sum(window["remembered"] for window in windows),
        "kept": next((window["kept"] for window in windows if window["kept"]), None),
    }


def _lookups(reports: Iterable[PushReport]) -> dict[str, Any]:
    """Return what all reports say of look-ups, or nothing if none does."""
    parts = [report["lookups"] for report in reports if "lookups" in report]
    return {"lookups": add_up(parts)} if parts else {}


def _verified(reports: Iterable[PushReport]) -> dict[str, Any]:
    """Return what reading users back has shown in all reports, or nothing if none says so."""
    parts = [report["verified"] for report in reports if "verified" in report]
    if not parts:
        return {}
    names = ("sampled", *(finding.value for finding in Finding))
    counts: list[Mapping[str, Any]] = list(parts)
    why = next((part["why"] for part in parts if part["why"]), None)
    return {"verified": {**{name: sum(part[name] for part in counts) for name in names}, "why": why}}


def _push_log(reports: Iterable[PushReport]) -> dict[str, Any]:
    """Return what all reports say of their logs, or nothing if none has one."""
    parts = [report["push_log"] for report in reports if "push_log" in report]
    if not parts:
        return {}
    why = next((part["why"] for part in parts if part["why"]), None)
    counts = {"written": sum(part["written"] for part in parts), "lost": sum(part["lost"] for part in parts)}
    return {"push_log": {**counts, "why": why}}

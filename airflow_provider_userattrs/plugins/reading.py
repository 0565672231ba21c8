# SPDX-License-Identifier: Apache-2.0
"""Parses a report for the page. The type of every field is checked, because an XCom may hold anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.push.model.verdict import NOT_APPLIED, Status
from airflow_provider_userattrs.push.model.verdicts import UNEXPECTED_ROWS
from airflow_provider_userattrs.push.report.merge import is_report
from airflow_provider_userattrs.push.report.report import FORMAT
from airflow_provider_userattrs.push.report.timeline import Timeline

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import (
        Changes,
        Limit,
        Logged,
        Lookups,
        PushReport,
        Removed,
        Sample,
        Verified,
        Window,
    )


class OtherFormat(ValueError):
    """Raised for a report in the format of another version."""


@dataclass(frozen=True)
class Reason:
    """One of a report's reasons."""

    status: Status
    code: str
    meaning: str
    remedy: str
    count: int
    positions: tuple[int, ...]
    locations: tuple[str, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """A report; see ``push/report/report.py`` and ``push/resume/snapshot.py`` for its fields."""

    vendor: str
    done: str
    accepted_means: str
    operation: str
    dry_run: bool
    rows: int
    counts: dict[Status, int]
    reasons: tuple[Reason, ...]
    notes: tuple[tuple[str, str, int], ...]
    requests: int
    retries: int
    seconds: float
    tries: tuple[int, ...]
    rejects: tuple[str, ...]
    failure: str | None
    warning: str | None
    of: int | None
    timeline: Timeline | None
    configuration: dict[str, tuple[str, ...]]
    shard: tuple[int, int] | None
    missing: tuple[int, ...]
    changes: Changes | None
    request_id: str | None
    lookups: Lookups | None
    verified: Verified | None
    limit: Limit | None
    sample: Sample | None
    push_log: Logged | None

    @property
    def attention(self) -> int:
        """The number of rows that need attention."""
        return sum(self.counts[status] for status in NOT_APPLIED)

    @property
    def is_refused(self) -> bool:
        """Whether a guard refused the push, so that no row was read."""
        return any(reason.code == UNEXPECTED_ROWS.code for reason in self.reasons)


def read(report: Any) -> Reading:
    """Parse a report.

    :raises OtherFormat: if it is in the format of another version.
    :raises ValueError: if it is not a report.
    """
    if not is_report(report):
        raise ValueError("not a report")
    if report["format"] != FORMAT:
        raise OtherFormat(f"format {report['format']}")
    try:
        return _read(report)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a report of this format") from error


def _read(report: PushReport) -> Reading:
    fields: Mapping[str, Any] = report
    paths = report.get("rejects_path") or ()
    timeline, of = report.get("timeline"), report.get("of")
    shard, shards = report.get("shard"), report.get("shards")
    return Reading(
        vendor=str(report["vendor"]),
        done=str(report.get("done", "updated")),
        accepted_means=str(report["accepted_means"]),
        operation=str(report["operation"]),
        dry_run=bool(report["dry_run"]),
        rows=_count(report["rows"]),
        counts={status: _count(fields[status.value]) for status in Status},
        reasons=tuple(map(_reason, report["reasons"])),
        notes=tuple((str(note["attribute"]), str(note["note"]), _count(note["count"])) for note in report["notes"]),
        requests=_count(report["requests"]),
        retries=_count(report["retries"]),
        seconds=_seconds(report["seconds"]),
        tries=tuple(map(_count, report.get("tries") or ())),
        rejects=(paths,) if isinstance(paths, str) else tuple(map(str, paths)),
        failure=None if report.get("failure") is None else str(report["failure"]),
        warning=None if report.get("warning") is None else str(report["warning"]),
        of=None if of is None else _count(of),
        timeline=_timeline(timeline) if timeline else None,
        configuration={str(name): _texts(value) for name, value in (report.get("configuration") or {}).items()},
        shard=(_count(shard["number"]), _count(shard["of"])) if shard else None,
        missing=tuple(map(_count, shards["missing"] if shards else ())),
        changes=_changes(changes) if (changes := report.get("changed_only")) else None,
        request_id=str(request_id) if (request_id := report.get("request_id")) else None,
        lookups=_lookups(lookups) if (lookups := report.get("lookups")) else None,
        verified=_verified(verified) if (verified := report.get("verified")) else None,
        limit=_limit(limit) if (limit := report.get("limit")) else None,
        sample=_sample(sample) if (sample := report.get("sample")) else None,
        push_log=_push_log(push_log) if (push_log := report.get("push_log")) else None,
    )


def _changes(changes: Changes) -> Changes:
    since = changes["failing_since"]
    read: Changes = {
        "began": _count(changes["began"]),
        "known": _count(changes["known"]),
        "full": None if changes["full"] is None else str(changes["full"]),
        "refreshed": _count(changes["refreshed"]),
        "failing": _count(changes["failing"]),
        "failing_since": None if since is None else _count(since),
        "disputed": _count(changes["disputed"]),
        "removed": _removed(removed) if (removed := changes.get("removed")) else None,
    }
    if (window := changes.get("window")) is not None:
        read["window"] = _window(window)
    return read


def _removed(removed: Removed) -> Removed:
    left, withheld, why = removed["left"], removed["withheld"], removed["why"]
    return {
        "left": None if left is None else _count(left),
        "unset": _count(removed["unset"]),
        "gone": _count(removed["gone"]),
        "withheld": None if withheld is None else str(withheld),
        "why": None if why is None else str(why),
    }


def _window(window: Window) -> Window:
    return {
        "column": str(window["column"]),
        "since": None if window["since"] is None else _time(window["since"]),
        "until": _time(window["until"]),
        "all": None if window["all"] is None else str(window["all"]),
        "asked": _count(window["asked"]),
        "failed_again": _count(window["failed_again"]),
        "gone": _count(window["gone"]),
        "remembered": _count(window["remembered"]),
        "kept": None if window["kept"] is None else str(window["kept"]),
    }


def _time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat()
    except (TypeError, ValueError):
        raise ValueError("not a time") from None


def _lookups(lookups: Lookups) -> Lookups:
    return {
        "requests": _count(lookups["requests"]),
        "retries": _count(lookups["retries"]),
        "bytes": _count(lookups["bytes"]),
        "found": _count(lookups["found"]),
        "not_found": _count(lookups["not_found"]),
        "known": _count(lookups["known"]),
    }


def _verified(verified: Verified) -> Verified:
    return {
        "sampled": _count(verified["sampled"]),
        "equal": _count(verified["equal"]),
        "not_yet": _count(verified["not_yet"]),
        "different": _count(verified["different"]),
        "unknown_user": _count(verified["unknown_user"]),
        "unread": _count(verified["unread"]),
        "why": None if verified["why"] is None else str(verified["why"]),
    }


def _limit(limit: Limit) -> Limit:
    return {"rows": _count(limit["rows"]), "reached": bool(limit["reached"])}


def _sample(sample: Sample) -> Sample:
    return {
        "url": str(sample["url"]),
        "headers": {str(name): str(value) for name, value in sample["headers"].items()},
        "requests": [
            {"users": _count(each["users"]), "bytes": _count(each["bytes"]), "body": str(each["body"])}
            for each in sample["requests"]
        ],
    }


def _push_log(push_log: Logged) -> Logged:
    return {
        "written": _count(push_log["written"]),
        "lost": _count(push_log["lost"]),
        "why": None if push_log["why"] is None else str(push_log["why"]),
    }


def _reason(reason: Mapping[str, Any]) -> Reason:
    return Reason(
        Status(reason["status"]),
        str(reason["code"]),
        str(reason["meaning"]),
        str(reason["remedy"]),
        _count(reason["count"]),
        tuple(sorted(map(_count, reason["positions"]))),
        tuple(map(str, reason.get("locations", ()))),
        tuple(map(str, reason["attributes"])),
    )


def _timeline(state: Mapping[str, Any]) -> Timeline:
    timeline = Timeline.restored(
        {
            "interval_seconds": _seconds(state["interval_seconds"]),
            "rows": list(map(_count, state["rows"])),
            "retries": list(map(_count, state["retries"])),
        }
    )
    if not timeline.interval or len(timeline.rows) != len(timeline.retries):
        raise ValueError("not a timeline")
    return timeline


def _count(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < 10**15:
        raise ValueError("not a count")
    return value


def _seconds(value: Any) -> float:
    if not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise ValueError("not a duration")
    return float(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)

# SPDX-License-Identifier: Apache-2.0
"""Adds up the reports of a push that is split into shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.phrases import counted, listed, shortened
from airflow_provider_userattrs.push.model.read_back import Finding
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.changes import warning_on_removed
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.lookups import add_up
from airflow_provider_userattrs.push.report.report import FORMAT, Report
from airflow_provider_userattrs.push.report.sentences import sentence_on_limit, warning

if TYPE_CHECKING:
    from typing import TypeGuard

    from airflow_provider_userattrs.report import Limit, PushReport, Removed, Window

#: Maximum number of rejects files listed; further ones are next to them.
_MAX_PATHS = 20

_MAX_NAMED = 10

#: Maximum number of failures that are quoted, and the characters of each and of the numbers of its shards.
_MAX_LISTED, _MAX_FAILURE_LENGTH, _MAX_NUMBERS_LENGTH = 4, 240, 60


class Total:
    """Adds up reports as `Report.as_dict` returns them.

    Each shard counts positions from 0, so the total names none; ``seconds`` are those of the longest shard.

    :param reports: one for each shard; what is no report is ignored.
    :param without_report: the tasks that should have given a report and gave none; shards that have numbers are found
        missing without this.
    :raises ValueError: if there is no report, or they are of different pushes.
    """

    def __init__(self, reports: Iterable[Any], without_report: Sequence[str] = ()) -> None:
        self._reports = [report for report in reports if is_report(report)]
        self._tasks_without_report = without_report
        if not self._reports:
            raise ValueError(self._missing_sentence() or "there is no report to add up")
        formats = sorted({str(report["format"]) for report in self._reports} - {str(FORMAT)})
        if formats:
            raise ValueError(
                f"a report is of format {formats[0]}, not {FORMAT}: another version of this package made it; run the "
                "push again"
            )
        try:
            self._add_up()
            self.as_dict()  # of each field of each report
        except (AttributeError, KeyError, TypeError):
            raise ValueError("a report is damaged; run the push again") from None

    def _add_up(self) -> None:
        kinds = {(report["vendor"], report["operation"], bool(report["dry_run"])) for report in self._reports}
        if len(kinds) > 1:
            raise ValueError(f"the reports are of different pushes: {', '.join(sorted(map(_kind, kinds)))}")
        first = self._reports[0]
        self.report = Report(
            first["vendor"],
            first["operation"],
            first["accepted_means"],
            done=first.get("done", "updated"),
            dry_run=bool(first["dry_run"]),
            keeps_rejects=any(report.get("rejects_path") for report in self._reports),
        )
        for report in self._reports:
            self.report.merge(_counts(report))
        self._shards = [shard for report in self._reports if (shard := report.get("shard"))]
        self._of = max((shard["of"] for shard in self._shards), default=0)
        self.report.is_stopped = any(report.get("stopped") for report in self._reports)
        limit: Limit | None = _limit(self._reports).get("limit")
        if limit is not None and limit["reached"] and not self.report.is_stopped:
            self.report.warning_on_limit = sentence_on_limit(self.report.rows, limit)

    @property
    def missing(self) -> list[int]:
        """Return the numbers, from 1, of the shards without a report."""
        return sorted(set(range(1, self._of + 1)) - {shard["number"] for shard in self._shards})

    def conclude(self, max_failed: int | float | None, on_empty: str = "ok") -> BaseException | None:
        """Return the error that the task raises, or None if all shards together succeeded.

        :param max_failed: how many rows (int) or what share of them (float) may fail; None for any but all.
        :param on_empty: what it means that no shard had a row: ``"warn"``, ``"fail"`` or ``"ok"``.
        """
        if lacking := [sentence for sentence in (self._missing_sentence(), self.stopped()) if sentence]:
            return RetryLater("; ".join(lacking))
        changes = [report["changed_only"] for report in self._reports if "changed_only" in report]
        windows = [part["window"] for part in changes if "window" in part]
        again = sum(window["failed_again"] for window in windows)
        before = max(sum(part["failing"] for part in changes), again)
        if windows and on_empty == "warn" and all(window["since"] for window in windows):
            on_empty = "ok"  # nothing new is nothing odd
        return self.report.conclude(None, max_failed, on_empty, before, again)

    def stopped(self) -> str | None:
        """Return one sentence on the shards that stopped before their end, where and why; or None."""
        stopped = [report for report in self._reports if report.get("stopped")]
        if not stopped:
            return None
        return f"{len(stopped):,} of {counted(self._of or len(self._reports), 'shard')} stopped: {_listed(stopped)}"

    def _missing_sentence(self) -> str | None:
        missing = self.missing if self._reports else []
        without_report: Sequence[Any] = missing or self._tasks_without_report
        if not without_report:
            return None
        named = ", ".join(map(str, without_report[:_MAX_NAMED])) + (", ..." if len(without_report) > _MAX_NAMED else "")
        of = self._of if missing else len(self._reports) + len(without_report)
        remedy = "clear what failed upstream of them" if "(upstream_failed)" in named else "clear them"
        return f"no report came from {len(without_report):,} of {counted(of, 'shard')}: {named}; {remedy}"

    def _warning(self) -> str | None:
        """Return what was not applied, which shards are missing, and which failed by their own ``max_failed``."""
        red = [report for report in self._reports if report.get("failure") and not report.get("stopped")]
        themselves = "itself" if len(red) == 1 else "themselves"
        by_themselves = f"{counted(len(red), 'shard')} failed by {themselves}: {_listed(red)}" if red else None
        changes = _changed_only(self._reports).get("changed_only")
        removed = warning_on_removed(changes, dry_run=self.report.dry_run) if changes else None
        parts = (warning(self.report), removed, self._missing_sentence(), self.stopped(), by_themselves)
        return "; ".join(sentence for sentence in parts if sentence) or None

    def as_dict(self, failure: str | None = None) -> PushReport:
        """Return the total as a report.

        :param failure: a sentence on why the task fails, or None.
        """
        notes: Counter[tuple[str, str]] = Counter()
        for report in self._reports:
            for note in report["notes"]:
                notes[note["attribute"], note["note"]] += note["count"]
        found = [report.get("rejects_path") or [] for report in self._reports]
        paths = {path for each in found for path in ([each] if isinstance(each, str) else each)}
        total = self.report.as_dict(
            notes,
            warning=self._warning(),
            failure=failure,
            requests=sum(report["requests"] for report in self._reports),
            retries=sum(report["retries"] for report in self._reports),
            bytes=sum(report["bytes"] for report in self._reports),
            duplicates=sum(report.get("duplicates", 0) for report in self._reports),
            seconds=max(report["seconds"] for report in self._reports),
            resumed_from=None,
            configuration=self._reports[0].get("configuration"),
            rejects_path=sorted(paths)[:_MAX_PATHS] or None,
            shards={"reported": len(self._reports), "missing": self.missing},
            **_limit(self._reports),
            **_sample(self._reports),
            **_source_rows(self._reports),
            **_changed_only(self._reports),
            **_lookups(self._reports),
            **_verified(self._reports),
            **_push_log(self._reports),
        )
        return cast("PushReport", total)


def _limit(reports: Iterable[PushReport]) -> dict[str, Any]:
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


def _changed_only(reports: Iterable[PushReport]) -> dict[str, Any]:
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


def _listed(reports: list[PushReport]) -> str:
    """Say why shards failed, each reason once, with the shards' numbers if they have some."""
    numbers: dict[str, list[int]] = {}
    for report in reports:
        why = shortened(str(report.get("failure")), _MAX_FAILURE_LENGTH).rstrip(".")
        shard = report.get("shard")
        numbers.setdefault(why, []).extend([shard["number"]] if shard else [])
    named = [f"{_named(shards)}{why}" for why, shards in list(numbers.items())[:_MAX_LISTED]]
    more = len(numbers) - _MAX_LISTED
    return "; ".join([*named, f"and {more:,} more"] if more > 0 else named)


def _named(shards: list[int]) -> str:
    return f"shard{'' if len(shards) == 1 else 's'} {listed(shards, _MAX_NUMBERS_LENGTH)}: " if shards else ""


def is_report(value: Any) -> TypeGuard[PushReport]:
    """Return whether a value is the report of a push."""
    return isinstance(value, Mapping) and {"format", "vendor", "operation", "rows", "reasons"} <= value.keys()


def _counts(report: Mapping[str, Any]) -> Counts:
    reasons = [{"locations": [], **reason, "positions": []} for reason in report["reasons"]]
    return Counts.restored({"counts": {status.value: report[status.value] for status in Status}, "reasons": reasons})


def _kind(kind: tuple[str, str, bool]) -> str:
    vendor, operation, dry_run = kind
    return f"{vendor} {operation}{' (dry run)' if dry_run else ''}"

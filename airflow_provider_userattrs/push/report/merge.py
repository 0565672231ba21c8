# SPDX-License-Identifier: Apache-2.0
"""Adds up the reports of a push that is split into shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.phrases import counted, listed, shortened
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.changes import warning_on_removed
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.report import FORMAT, Report
from airflow_provider_userattrs.push.report.sections import merge_changed_only, merge_limit, merge_sections
from airflow_provider_userattrs.push.report.sentences import said_by_the_warning_alone, sentence_on_limit, warning

if TYPE_CHECKING:
    from typing import TypeGuard

    from airflow_provider_userattrs.report import Limit, PushReport

#: Maximum number of rejects files listed; further ones are next to them.
_MAX_PATHS = 20

_MAX_NAMED = 10

#: State of a shard without a report -> what to do, where clearing it alone would change nothing.
_REMEDIES = {
    "upstream_failed": "clear what failed upstream of them",
    "success": "have them keep what they return if they do not, then clear them",
}

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
        limit: Limit | None = merge_limit(self._reports).get("limit")
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
        remedy = next((remedy for state, remedy in _REMEDIES.items() if f"({state})" in named), "clear them")
        return f"no report came from {len(without_report):,} of {counted(of, 'shard')}: {named}; {remedy}"

    def _warning(self) -> str | None:
        """Return what was not applied, which shards are missing, and which failed by their own ``max_failed``."""
        red = [report for report in self._reports if report.get("failure") and not report.get("stopped")]
        themselves = "itself" if len(red) == 1 else "themselves"
        by_themselves = f"{counted(len(red), 'shard')} failed by {themselves}: {_listed(red)}" if red else None
        changes = merge_changed_only(self._reports).get("changed_only")
        removed = warning_on_removed(changes, dry_run=self.report.dry_run) if changes else None
        alone = _said_alone(self._reports)
        parts = (warning(self.report), *alone, removed, self._missing_sentence(), self.stopped(), by_themselves)
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
            **merge_sections(self._reports),
        )
        return cast("PushReport", total)


def _said_alone(reports: Sequence[PushReport]) -> list[str]:
    """Return what only the shards' warnings say, such as what a guard would refuse, with the shards that say it."""
    saying: dict[str, list[PushReport]] = {}
    for report in reports:
        for clause in said_by_the_warning_alone(report["warning"] or ""):
            saying.setdefault(clause, []).append(report)
    if len(reports) == 1:
        return [*saying]
    clauses = [f"{_in_shards(those)} {clause}" for clause, those in list(saying.items())[:_MAX_LISTED]]
    more = sum(map(len, list(saying.values())[_MAX_LISTED:]))
    return [*clauses[:-1], f"{clauses[-1]}, and the like in {counted(more, 'more shard')}"] if more else clauses


def _in_shards(reports: Sequence[PushReport]) -> str:
    numbers = [shard["number"] for report in reports if (shard := report.get("shard"))]
    if len(numbers) == len(reports):
        return f"in shard{'' if len(numbers) == 1 else 's'} {listed(numbers, _MAX_NUMBERS_LENGTH)}"
    return "in one shard" if len(reports) == 1 else f"in {counted(len(reports), 'shard')}"


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

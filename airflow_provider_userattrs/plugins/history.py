# SPDX-License-Identifier: Apache-2.0
"""The pushes of one task over many runs, and the choice among those of many tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from airflow_provider_userattrs.plugins.digest import ATTENTION, Digest, PastInstance, digest
from airflow_provider_userattrs.push.report.difference import NamedReason

#: How many reasons are shown of a task; its Push report has all of them.
MAX_REASONS = 5

#: How urgent each level is: what somebody should look at comes first.
_ORDER = {"failed": 0, "warning": 1}


@dataclass(frozen=True)
class Streak:
    """A reason of a task's latest push, and for how long it has been one.

    :param reason: the reason.
    :param count: how many rows it is about.
    :param since: the first of the shown pushes that had it.
    :param is_new: whether that is the latest.
    :param is_since_before: whether that is the first of all that are shown, so that it may be older.
    :param in_a_row: how many pushes up to the latest have had it, one after the other.
    :param is_open: whether these are all that are shown, so that it may be more.
    """

    reason: NamedReason
    count: int
    since: Digest
    is_new: bool
    is_since_before: bool
    in_a_row: int
    is_open: bool


@dataclass(frozen=True)
class History:
    """The pushes of one task.

    :param dag_id: its DAG.
    :param task_id: the task.
    :param pushes: one for each run, the newest last.
    """

    dag_id: str
    task_id: str
    pushes: tuple[Digest, ...]

    @property
    def latest(self) -> Digest:
        """The latest push that has ended, or else the latest."""
        ended = [push for push in self.pushes if push.level not in ("running", "none")]
        return (ended or self.pushes)[-1]

    @property
    def vendor(self) -> str:
        """The latest vendor that is known."""
        return next((push.vendor for push in reversed(self.pushes) if push.vendor), "")

    @property
    def operation(self) -> str:
        """The latest operation that is known."""
        return next((push.operation for push in reversed(self.pushes) if push.operation), "")

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look at the latest push."""
        return self.latest.level in ATTENTION

    def streaks(self) -> list[Streak]:
        """Return the reasons of the latest push with a report, the newest first."""
        reported = [push for push in self.pushes if push.not_applied is not None and push.level != "running"]
        if not reported or reported[-1] is not self.latest:
            return []  # the latest left no report, so that nothing is known of its reasons
        # What a dry run did not send, no vendor refused: it says nothing of the reasons of a push.
        reported = [push for push in reported if push.is_dry_run is self.latest.is_dry_run]
        found = []
        for key, (reason, count) in self.latest.reasons.items():
            has_it = [key in push.reasons for push in reported]
            first, is_open = has_it.index(True), all(has_it) and len(reported) > 1
            in_a_row = len(has_it) if all(has_it) else has_it[::-1].index(False)
            is_new = reported[first] is self.latest
            found.append(Streak(reason, count, reported[first], is_new, first == 0, in_a_row, is_open))
        return sorted(found, key=lambda streak: (-streak.since.run_after.timestamp(), -streak.count))


def histories(instances: Iterable[PastInstance]) -> list[History]:
    """Return the history of each task that pushes, by DAG and task; one of which no vendor is known does not push.

    :param instances: the instances of all tasks in all runs, in any order.
    """
    ordered = sorted(instances, key=lambda instance: (*instance.task, -instance.number, instance.map_index))
    found = []
    for (dag_id, task_id), of_task in groupby(ordered, key=lambda instance: instance.task):
        runs = groupby(of_task, key=lambda instance: instance.number)
        found.append(History(dag_id, task_id, tuple(digest(list(of_run)) for _, of_run in runs)))
    return [history for history in found if history.vendor]


@dataclass(frozen=True)
class Filter:
    """Which tasks are shown.

    :param vendor: those that push to this vendor; empty for any.
    :param dag: those whose DAG's id has this text in it, in any case.
    :param attention: whether only those whose latest push needs attention.
    """

    vendor: str = ""
    dag: str = ""
    attention: bool = False

    def __bool__(self) -> bool:
        """Tell whether it leaves out anything."""
        return bool(self.vendor or self.dag or self.attention)

    def lets_through(self, history: History) -> bool:
        """Return whether a task is shown."""
        return (
            self.vendor in ("", history.vendor)
            and self.dag.casefold() in history.dag_id.casefold()
            and (history.needs_attention or not self.attention)
        )


def chosen(all_of_them: Sequence[History], wanted: Filter) -> list[History]:
    """Return the tasks that a filter lets through, those first that somebody should look at."""
    some = filter(wanted.lets_through, all_of_them)
    return sorted(some, key=lambda history: (_ORDER.get(history.latest.level, 2), history.dag_id, history.task_id))

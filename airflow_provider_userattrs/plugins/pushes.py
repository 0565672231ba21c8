# SPDX-License-Identifier: Apache-2.0
"""The page of many pushes, of one DAG or of all, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from urllib.parse import urlencode

from airflow_provider_userattrs.plugins.digest import LEVELS, Digest
from airflow_provider_userattrs.plugins.document import rendered
from airflow_provider_userattrs.plugins.formats import duration, number
from airflow_provider_userattrs.plugins.history import MAX_REASONS, Filter, History, Streak
from airflow_provider_userattrs.plugins.strip import HEIGHT, RUNS, line

#: How many tasks are on a page.
TASKS = 20

_NONE = (
    "No pushes yet. A task that pushes users shows here once it has run, if it is in the last runs of a Dag that you "
    "may see."
)
_NONE_OF_DAG = "No pushes here: no task of this Dag has pushed users in these runs."
_NONE_CHOSEN = "No task matches."


@dataclass(frozen=True)
class View:
    """Which pushes are looked at, as the page's URL says.

    :param filter: which tasks are shown.
    :param page: the page of tasks, from 1.
    :param run: the newest run of each DAG that is shown, from 1 for its newest.
    """

    filter: Filter
    page: int
    run: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> View:
        """Return what a query string asks for; whatever makes no sense is as if it were not there."""
        wanted = Filter(query.get("vendor", ""), query.get("dag", "").strip(), query.get("attention", "") == "1")
        return cls(wanted, _count(query.get("page", "")), _count(query.get("run", "")))

    def link(self, *, page: int = 1, run: int = 1) -> str:
        """Return the link to another page or other runs, with the same filter."""
        wanted = {"vendor": self.filter.vendor, "dag": self.filter.dag, "attention": "1" * self.filter.attention}
        some = {**wanted, "page": page if page > 1 else "", "run": run if run > 1 else ""}
        return f"?{urlencode({name: value for name, value in some.items() if value})}"


@dataclass(frozen=True)
class Cut:
    """What is not shown because there were too many instances.

    :param runs: some of the runs of the tasks on this page.
    :param tasks: tasks of some of the runs that were looked through for tasks.
    """

    runs: bool = False
    tasks: bool = False


@dataclass(frozen=True)
class _Line:
    """A line with its figures in words; ``most`` is empty if it is the last one."""

    title: str
    name: str
    path: str
    last: str
    most: str


@dataclass(frozen=True)
class _Card:
    history: History
    lines: list[_Line]
    streaks: list[Streak]
    more: int


def render_pushes(
    view: View,
    tasks: Sequence[History],
    shown: Sequence[History],
    count: int,
    *,
    dag_id: str | None = None,
    older: int | None = None,
    cut: Cut = Cut(),
) -> str:
    """Return the page as HTML.

    :param view: what is looked at.
    :param tasks: all tasks that there are, with a few runs of each.
    :param shown: the tasks on this page, with all of their runs.
    :param count: how many tasks the filter lets through.
    :param dag_id: the DAG, if the page is of one.
    :param older: the newest run before these, if the page is of one DAG that has one.
    :param cut: what is not shown.
    """
    links = [("Previous tasks", view.link(page=view.page - 1, run=view.run))] if view.page > 1 else []
    if view.page * TASKS < count:
        links.append(("Next tasks", view.link(page=view.page + 1, run=view.run)))
    if older is not None:
        links.append(("Older pushes", view.link(run=older)))
    if view.run > 1:
        links.append(("Newer pushes", view.link(run=max(view.run - RUNS, 1))))
    facts = {
        "dag_id": dag_id,
        "view": {
            "tasks": len(tasks),
            "needing": sum(history.needs_attention for history in tasks),
            "vendors": sorted({history.vendor for history in tasks} - {""}),
            "filter": view.filter,
            "run": view.run,
            "links": links,
            "cut": cut,
            "why_empty": _NONE_CHOSEN if tasks else _NONE_OF_DAG if dag_id else _NONE,
        },
        "cards": [_card(history) for history in shown],
        "levels": LEVELS,
        "runs": RUNS,
        "height": HEIGHT,
    }
    return rendered("pushes.html", facts)


def _card(history: History) -> _Card:
    streaks = history.streaks()
    lines = [
        # Some users every night and all of them in one are both to be seen.
        _line("Not updated", "not-updated", history, attrgetter("not_applied"), number, is_logarithmic=True),
        _line("Duration", "duration", history, attrgetter("seconds"), duration),
        _line("Requests", "requests", history, attrgetter("requests"), number),
    ]
    return _Card(history, [each for each in lines if each], streaks[:MAX_REASONS], max(len(streaks) - MAX_REASONS, 0))


def _line(
    title: str,
    name: str,
    history: History,
    figure_of: Callable[[Digest], float | None],
    in_words: Callable[[float], str],
    *,
    is_logarithmic: bool = False,
) -> _Line | None:
    drawn = line([figure_of(push) for push in history.pushes], is_logarithmic=is_logarithmic)
    if drawn is None:
        return None
    # The figure is that of the push whose verdict is shown, which may have left none.
    latest = figure_of(history.latest)
    last, most = "unknown" if latest is None else in_words(latest), in_words(drawn.most)
    return _Line(title, name, drawn.path, last, "" if most == last else most)


def _count(text: str) -> int:
    """Return a number of the URL, from 1."""
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 6 else 1

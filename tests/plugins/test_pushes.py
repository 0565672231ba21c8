# SPDX-License-Identifier: Apache-2.0
"""The pages of many pushes, as Airflow's API server serves them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote, urljoin

import pytest
from cases import good
from past_runs import NOT_FOUND, TOO_LONG, Pushed, forget_runs, report_of, store_runs
from versions import needs

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.plugins.pushes import TASKS
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

pytestmark = needs("Push report tab")

EVIL = "<script>alert('\"&')</script>"
WELL = report_of(9)
BAD = report_of(8, (1, NOT_FOUND))


@pytest.fixture
def store(airflow_database: None) -> Iterator[Callable[..., list[str]]]:
    """Write runs of the past, of DAGs that are the only ones."""
    from airflow.utils.session import create_session

    with create_session() as session:
        forget_runs(session)

    def store(dag_id: str, *runs: list[Pushed], **options: Any) -> list[str]:
        with create_session() as session:
            return store_runs(session, dag_id, runs, **options)

    yield store
    with create_session() as session:
        forget_runs(session)


@pytest.fixture
def ask(client: Any, token: Callable[..., str]) -> Callable[..., Any]:
    """Ask for the page of all DAGs or of one."""

    def ask(dag_id: str | None = None, *, headers: dict[str, str] | None = None, **query: str) -> Any:
        path = f"dags/{quote(dag_id, safe='')}/pushes" if dag_id else "pushes"
        return client.get(f"/userattrs/{path}", params=query, headers=headers or {"Authorization": f"Bearer {token()}"})

    return ask


@pytest.fixture
def look(ask: Callable[..., Any], page: Any) -> Callable[..., Any]:
    def look(dag_id: str | None = None, **query: str) -> Any:
        answer = ask(dag_id, **query)
        assert answer.status_code == 200, answer.text
        return page(answer.text)

    return look


def verdicts(seen: Any) -> list[str]:
    """Give what is said of each push, in the order of the page."""
    return [value for name, value in seen.attributes if name == "aria-label" and " UTC, " in (value or "")]


def shown(seen: Any) -> list[str]:
    """Give the DAGs of the tasks on the page of all DAGs."""
    links = re.findall(r'<h2 [^>]*><a href="dags/([^"/]+)/pushes"', seen.html)
    return [unquote(link) for link in links]


def test_a_strip_with_counts_reasons_and_links(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    worse = report_of(1_988, (9, NOT_FOUND), (3, TOO_LONG))
    runs = store("nightly", [Pushed(report_of(2_000))], [Pushed(None, "failed")], [Pushed(BAD)], [Pushed(worse)])
    seen = look("nightly")
    assert verdicts(seen) == [
        "2026-03-01 02:00 UTC, accepted: 2,000 accepted; 20 requests, 10.0 s",
        "2026-03-02 02:00 UTC, failed: the task failed and left no report",
        "2026-03-03 02:00 UTC, needs attention: 1 rejected, 8 accepted; 20 requests, 10.0 s",
        "2026-03-04 02:00 UTC, needs attention: 9 rejected, 3 invalid, 1,988 accepted; 20 requests, 10.0 s",
    ]
    assert "Pushes of this Dag 1 task pushes users; 1 needs attention." in seen.text
    assert "push Kahuna, set attributes Verdict Not updated 12 Duration 10.0 s Requests 20" in seen.text
    assert "3 invalid value over 2,048 bytes value-too-long on city in this push 1" in seen.text
    assert "9 rejected User not found 404 2026-03-03 02:00 UTC 2" in seen.text
    links = [f"runs/{quote(run, safe='')}/tasks/push/-1" for run in runs]
    assert [value for name, value in seen.attributes if name == "href" and "tasks" in value] == [*links, links[2]]


def test_a_real_push_and_the_way_to_its_report_and_back(
    store: Callable[..., list[str]],
    airflow: Any,
    control: Any,
    connections: Any,
    client: Any,
    token: Callable[..., str],
    look: Callable[..., Any],
) -> None:
    control.switch(engagelab__any_user=True)
    run = airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=good(3)))
    for of_dag, path in ((run.dag.dag_id, f"/userattrs/dags/{run.dag.dag_id}/pushes"), (None, "/userattrs/pushes")):
        seen = look(of_dag)
        (link,) = {value for name, value in seen.attributes if name == "href" and value.endswith("/tasks/push/-1")}
        answer = client.get(urljoin(path, link), headers={"Authorization": f"Bearer {token()}"})
        assert "3 of 3 users updated at EngageLab" in answer.text
        assert 'href="../../../../pushes"' in answer.text
        assert urljoin(urljoin(path, link), "../../../../pushes") == f"/userattrs/dags/{run.dag.dag_id}/pushes"


def test_what_is_no_push_is_not_shown(store: Callable[..., list[str]], look: Callable[..., Any], airflow: Any) -> None:
    store(
        "nightly",
        [
            Pushed({"vendor": EVIL, "accepted_means": 1}, operator="PythonOperator", task_id="other"),
            Pushed({"accepted_means": "x" * 50_000}, operator="PythonOperator", task_id="large"),
            Pushed(None, operator="KahunaSetup", task_id="named_alike"),
            Pushed(None, "upstream_failed", operator="MoEngageUnsetAttributesOperator", task_id="unset"),
            Pushed(WELL, operator="OurOwnOperator", task_id="of_a_subclass"),
            Pushed(WELL, operator="PushTotalOperator", task_id="total"),
        ],
    )
    seen = look("nightly")
    assert re.findall(r'<h2 id="task-\d">(\w+)</h2>', seen.html) == ["of_a_subclass", "total", "unset"]


def test_mapped_instances_are_added_up(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    (run,) = store("nightly", [Pushed(WELL, map_index=0), Pushed(BAD, map_index=1), Pushed(WELL, map_index=2)])
    seen = look("nightly")
    assert verdicts(seen) == [
        "2026-03-01 02:00 UTC, needs attention: 1 rejected, 26 accepted; 60 requests, 10.0 s; 3 instances"
    ]
    assert ("href", f"runs/{quote(run, safe='')}/tasks/push/whole") in seen.attributes


def test_hundreds_of_runs_are_shown_thirty_at_a_time(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    store("hourly", *[[Pushed(BAD if number == 5 else WELL)] for number in range(70)], every=timedelta(hours=1))
    seen = look("hourly")
    assert [len(verdicts(seen)), verdicts(seen)[-1][:16]] == [30, "2026-03-03 23:00"]
    assert ("href", "?run=31") in seen.attributes
    assert "Newer pushes" not in seen.texts
    seen = look("hourly", run="61")
    assert [len(verdicts(seen)), verdicts(seen)[0][:16]] == [10, "2026-03-01 02:00"]
    assert "Older pushes" not in seen.texts
    assert "Newer pushes" in seen.texts
    assert "No pushes here" in look("hourly", run="91").text


def test_the_page_of_all_dags(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    store("well", [Pushed(WELL)])
    store("removed", [Pushed(BAD)], is_stale=True)
    store("failed", [Pushed(None, "failed", operator="MoEngageSetAttributesOperator")])
    store("warned", [Pushed(WELL)], [Pushed(BAD)], [Pushed(None, "running")])
    store("nothing", [Pushed(None, operator="PythonOperator")])
    seen = look()
    assert shown(seen) == ["failed", "warned", "well"]
    assert "3 tasks push users; 2 need attention." in seen.text
    assert "Vendor all Kahuna MoEngage Dag needs attention" in seen.text
    assert shown(look(vendor="Kahuna")) == ["warned", "well"]
    assert shown(look(dag="WELL")) == ["well"]
    seen = look(attention="1", vendor="Kahuna")
    assert shown(seen) == ["warned"]
    assert ("checked", None) in seen.attributes
    assert "Show all" in seen.texts
    seen = look(dag="nowhere")
    assert shown(seen) == []
    assert "No task matches." in seen.texts


def test_tasks_are_shown_page_by_page(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    tasks = [f"push_{number:02}" for number in range(TASKS + 3)]
    store("nightly", [Pushed(WELL, task_id=task) for task in tasks])
    first, second = look("nightly", vendor="Kahuna"), look("nightly", vendor="Kahuna", page="2")
    names = r'<h2 id="task-\d+">(\w+)</h2>'
    assert [*re.findall(names, first.html), *re.findall(names, second.html)] == tasks
    assert ("href", "?vendor=Kahuna&page=2") in first.attributes
    assert ("href", "?vendor=Kahuna") in second.attributes


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e9", "٣", "9" * 30])
def test_a_page_that_makes_no_sense_is_the_first(
    store: Callable[..., list[str]], look: Callable[..., Any], number: str
) -> None:
    store("nightly", [Pushed(WELL)])
    assert len(verdicts(look("nightly", page=number, run=number))) == 1


def test_nothing_has_been_pushed_yet(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    assert "No pushes yet." in look().text
    store("nightly", [])
    assert "No pushes here: no task of this Dag has pushed users" in look("nightly").text
    assert "No pushes here" in look("unknown").text


def test_too_many_instances_are_not_all_read(
    store: Callable[..., list[str]], look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_userattrs.plugins.past_pushes.MAX_INSTANCES", 10)
    store("nightly", *[[Pushed(WELL, map_index=index) for index in range(4)] for _ in range(5)])
    seen = look("nightly")
    assert [verdict[:10] for verdict in verdicts(seen)] == ["2026-03-04", "2026-03-05"]  # each of them whole
    assert "so many instances that fewer than 30 runs are shown; Older pushes has those before." in seen.text
    assert ("href", "?run=3") in seen.attributes
    assert [verdict[:10] for verdict in verdicts(look("nightly", run="3"))] == ["2026-03-02", "2026-03-03"]
    last = look("nightly", run="5")
    assert [verdict[:10] for verdict in verdicts(last)] == ["2026-03-01"]
    assert "so many instances" not in last.text
    assert "Older pushes" not in last.texts
    seen = look()
    assert "so many instances that fewer than 30 runs are shown; the page of a Dag," in seen.text
    assert "not all runs were looked through for tasks that push" in seen.text


def test_a_run_with_too_many_instances_is_shown_whole(
    store: Callable[..., list[str]], look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_userattrs.plugins.past_pushes.MAX_INSTANCES", 3)
    store("nightly", *[[Pushed(WELL, map_index=index) for index in range(5)] for _ in range(2)])
    for query, day in (({}, "2026-03-02"), ({"run": "2"}, "2026-03-01")):
        (verdict,) = verdicts(look("nightly", **query))
        assert verdict == f"{day} 02:00 UTC, accepted: 45 accepted; 100 requests, 10.0 s; 5 instances"


def test_as_many_instances_as_are_read_are_all(
    store: Callable[..., list[str]], look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_userattrs.plugins.past_pushes.MAX_INSTANCES", 10)
    store("nightly", *[[Pushed(WELL, map_index=index) for index in range(5)] for _ in range(2)])
    seen = look("nightly")
    assert len(verdicts(seen)) == 2
    assert "so many instances" not in seen.text


def test_the_many_instances_of_one_dag_leave_out_no_other(
    store: Callable[..., list[str]], look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_userattrs.plugins.past_pushes.MAX_INSTANCES", 10)
    store("nightly", [Pushed(BAD)])
    store("hourly", *[[Pushed(WELL, map_index=index) for index in range(4)] for _ in range(5)])
    assert shown(look()) == ["nightly", "hourly"]


def test_the_figures_are_those_of_the_push_whose_verdict_is_shown(
    store: Callable[..., list[str]], look: Callable[..., Any]
) -> None:
    store("nightly", [Pushed(BAD)], [Pushed(None, "failed")], [Pushed(None, "running")])
    seen = look("nightly")
    assert "Kahuna, set attributes The task failed and left no report. Verdict Not updated unknown max 1" in seen.text
    assert ("aria-label", "Not updated: unknown in the latest push, 1 at the most") in seen.attributes


def test_a_filter_is_read_without_the_spaces_around_it(
    store: Callable[..., list[str]], look: Callable[..., Any]
) -> None:
    store("nightly", [Pushed(WELL)])
    assert shown(look(dag=" nightly ")) == ["nightly"]


def test_reports_of_other_versions_are_shown(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    early = {name: WELL[name] for name in ("format", "vendor", "operation", "accepted_means", "rows", "reasons")}
    store("nightly", [Pushed(early)], [Pushed({**early, "format": 2})], [Pushed({**WELL, "seconds": None})])
    first, second, third = verdicts(look("nightly"))
    assert first == "2026-03-01 02:00 UTC, unchanged: no users"
    assert second.endswith("no push: its report was written by another version of airflow-provider-userattrs")
    assert third.endswith("accepted: 9 accepted; 20 requests")


def test_whatever_a_name_holds_is_text(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    evil = Verdict(Status.INVALID, EVIL, EVIL, EVIL, attribute=EVIL)
    report = {**report_of(1, (1, evil)), "vendor": EVIL, "operation": EVIL}
    store("nightly", [Pushed(report)])
    for seen in (look("nightly"), look(), look(dag=EVIL, vendor=EVIL)):
        assert EVIL not in seen.html
        assert seen.tags.count("script") == 1
        assert not any(name.startswith("on") or name == "style" for name, _ in seen.attributes)


def test_it_loads_nothing(store: Callable[..., list[str]], look: Callable[..., Any]) -> None:
    store("nightly", [Pushed(BAD)])
    seen = look()
    assert not {"img", "iframe", "object", "embed", "base"} & set(seen.tags)
    assert not re.search(r"url\(|@import|https?:", seen.html)
    assert not any(name == "src" for name, _ in seen.attributes)

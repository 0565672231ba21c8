# SPDX-License-Identifier: Apache-2.0
"""Operators that an author makes of ours, on real Airflow: what they set late is taken, checked and never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow_names import task
from versions import not_on

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.sources.files import FileRows

pytestmark = pytest.mark.usefixtures("connections", "clock")

USERS = [{"customer_id": "u1", "plan": "gold", "tier": 1}, {"customer_id": "u2", "plan": "silver", "tier": 2}]


def stored(control: Any) -> dict[str, Any]:
    return {name: user["attributes"] for name, user in control.users("moengage").items()}


def late(place: str, **given: Any) -> Any:
    """Return an operator of an author's own that sets parameters by their names, after Airflow rendered them."""

    class Own(MoEngageSetAttributesOperator):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            if place == "__init__":
                self.set()

        def set(self) -> None:
            for name, value in given.items():
                setattr(self, name, value)

        def pre_execute(self, context: Any) -> None:
            if place == "pre_execute":
                self.set()

        def execute(self, context: Any) -> Any:
            if place == "execute":
                self.set()
            return super().execute(context)

    return Own


PLACES = pytest.mark.parametrize("place", ["__init__", "pre_execute", "execute"])


@PLACES
def test_dry_run_is_heeded_wherever_it_is_set(airflow: Any, control: Any, place: str) -> None:
    run = airflow.run(lambda: late(place, dry_run=True)(task_id="push", users=USERS))
    assert run.state == "success"
    assert run.report["dry_run"] is True
    assert run.counts == {"skipped": 2}
    assert control.journal() == []


@pytest.mark.parametrize(
    "where", [pytest.param("task", marks=not_on("3.0", because="context['task'] is not the task that runs")), "ti.task"]
)
def test_dry_run_of_a_hook_of_the_task_is_heeded(airflow: Any, control: Any, where: str) -> None:
    def rehearse(context: Any) -> None:
        pushing = context["task"] if where == "task" else context["ti"].task
        pushing.dry_run = True

    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=USERS, pre_execute=rehearse))
    assert run.report["dry_run"] is True
    assert control.journal() == []


@not_on("3.0", because="an operator has no dry_run()")
def test_airflows_own_dry_run_still_works(airflow: Any, control: Any) -> None:
    def build() -> None:
        late("__init__", dry_run=True)(task_id="push", users=USERS)

    airflow.dag(build).get_task("push").dry_run()
    assert control.journal() == []


@PLACES
def test_users_are_taken_wherever_they_are_set(airflow: Any, control: Any, counted: Any, place: str) -> None:
    users = [{"customer_id": "canary7", "plan": "x"}]
    run = airflow.run(lambda: late(place, users=users)(task_id="push", users=USERS))
    assert run.state == "success"
    counted(run.report, 1)
    assert stored(control) == {"canary7": {"plan": "x"}}
    assert "canary7" not in json.dumps([run.rendered.get("push"), run.report], default=str)
    assert not any("canary7" in line.text for line in run.log)


def test_a_source_and_a_path_are_taken_as_well(airflow: Any, control: Any, tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    path.write_text('{"customer_id": "u3", "plan": "x"}\n')
    for users in (str(path), FileRows(str(path))):
        run = airflow.run(lambda users=users: late("execute", users=users)(task_id="push", users=USERS))
        assert run.counts == {"accepted": 1}


@pytest.mark.parametrize(
    ("users", "kind"),
    [("canary7", "a str"), ({"customer_id": "canary7"}, "a dict"), (7, "an int"), (None, "None")],
    ids=["str", "dict", "int", "none"],
)
def test_users_that_are_none_are_refused_by_name(airflow: Any, control: Any, users: Any, kind: str) -> None:
    run = airflow.run(lambda: late("execute", users=users)(task_id="push", users=USERS))
    assert run.state == "failed"
    assert str(run.error).startswith(f"users is {kind}")
    assert "canary7" not in str(run.error)
    assert control.journal() == []


@pytest.mark.parametrize("attributes", [["tier"], {"plan": "tier"}])
def test_text_like_objects_are_accepted(airflow: Any, control: Any, tmp_path: Path, attributes: Any) -> None:
    own = late("execute", attributes=attributes, rejects_path=f"{tmp_path}/late.jsonl", timezone="Europe/Berlin")
    given = ["plan"] if isinstance(attributes, list) else {"plan": "plan"}
    rows = [*USERS, {"customer_id": "", "tier": 3}]
    run = airflow.run(lambda: own(task_id="push", users=rows, attributes=given, rejects_path=f"{tmp_path}/given.jsonl"))
    name = "tier" if isinstance(attributes, list) else "plan"
    assert stored(control) == {"u1": {name: 1}, "u2": {name: 2}}
    assert run.report["configuration"]["timezone"] == "Europe/Berlin"
    assert [path.name[:4] for path in tmp_path.iterdir()] == ["late"]


@pytest.mark.parametrize("native", [False, True])
def test_what_airflow_makes_of_text_without_a_template_is_still_text(airflow: Any, control: Any, native: bool) -> None:
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(
            task_id="push", users=[{"customer_id": "u1", "2023": "a", "'x'": "b"}], attributes=["2023", "'x'"]
        ),
        render_template_as_native_obj=native,
    )
    assert run.counts == {"accepted": 1}
    assert stored(control) == {"u1": {"2023": "a", "'x'": "b"}}


@pytest.mark.parametrize(
    ("name", "value"),
    [("nulls", "unste"), ("max_failed", -1), ("shard", 5), ("dry_run", "yes"), ("oversize", "x"), ("concurrency", 0)],
)
def test_what_is_wrong_is_refused_by_name(airflow: Any, control: Any, name: str, value: Any) -> None:
    run = airflow.run(lambda: late("execute", **{name: value})(task_id="push", users=USERS))
    assert run.state == "failed"
    assert run.report["failure"].startswith(f"{name} is ")
    assert control.journal() == []


class Templated(EngageLabSetAttributesOperator):
    template_fields = (*EngageLabSetAttributesOperator.template_fields, "operation")


@pytest.mark.parametrize(("operation", "state"), [("increase", "success"), ("upsert", "failed")])
def test_a_subclass_may_have_the_operation_rendered(airflow: Any, control: Any, operation: str, state: str) -> None:
    control.seed("engagelab", [1])
    run = airflow.run(
        lambda: Templated(
            task_id="push", users=[{"euid": 1, "x": 5}], operation="{{ params.how }}", params={"how": operation}
        )
    )
    assert run.state == state
    if state == "failed":
        assert run.report["failure"].startswith("operation is the text 'upsert'")
        assert control.journal() == []
    else:
        assert run.report["operation"] == "increase attributes"


class Team(MoEngageSetAttributesOperator):
    template_fields = ("team",)

    def __init__(self, *, team: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.team = team


def test_template_fields_that_leave_ours_out(airflow: Any, control: Any) -> None:
    @task
    def upstream() -> Any:
        return USERS

    remedy = r"not among the template_fields of Team; write template_fields = \(\*\w+\.template_fields, \.\.\.\)"
    for given in ({"users": upstream}, {"users": "/data/{{ ds }}.csv"}, {"users": USERS, "rejects_path": "{{ ds }}"}):
        with pytest.raises(ValueError, match=remedy):
            airflow.dag(
                lambda given=given: Team(
                    task_id="push", team="x", **{n: v() if callable(v) else v for n, v in given.items()}
                )
            )
    run = airflow.run(lambda: Team(task_id="push", team="{{ ds }}", users=USERS))
    assert run.counts == {"accepted": 2}

# SPDX-License-Identifier: Apache-2.0
"""Values that the DAG file itself gives to a mapped operator are checked when the DAG is parsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow_names import task

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator as EngageLab
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator as Kahuna
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator as MoEngage
from airflow_provider_userattrs.operators.total import PushTotalOperator as Total
from airflow_provider_userattrs.task.failure import WrongParameter

KAHUNA = {"users": [], "target": ["username"]}
CHOICE = "use one of 'warn', 'fail', 'ok'"


def upstream() -> Any:
    @task
    def split() -> Any:
        return []

    return split()


def expand(operator: Any, given: dict[str, Any], /, **over: Any) -> Callable[[], Any]:
    return lambda: operator.partial(task_id="push", **given).expand(
        **{name: value() if callable(value) else value for name, value in over.items()}
    )


def expand_kwargs(operator: Any, given: dict[str, Any], *over: Any) -> Callable[[], Any]:
    return lambda: operator.partial(task_id="push", **given).expand_kwargs(
        [value() if callable(value) else value for value in over]
    )


REFUSED = {
    "a choice": (
        expand(Kahuna, KAHUNA, on_empty=["warn", "nonsense"]),
        f"on_empty[1]: on_empty is the text 'nonsense'; {CHOICE}",
    ),
    "a tuple": (expand(Kahuna, KAHUNA, limit=(1, 2, 0)), "limit[2]: limit is 0; give a number of rows"),
    "a dict": (expand(EngageLab, {"users": []}, attributes={"a": "b", "c": 3}), "attributes[1]: an element of"),
    "beside upstream's": (expand(EngageLab, {}, users=upstream, max_failed=[1, 3.5]), "max_failed[1]: max_failed is"),
    "a reference where none can be": (
        expand(EngageLab, {"users": []}, where=["a", "{{ params.where }}"]),
        "where[1]: where is known only when the task runs",
    ),
    "beside what all share": (
        expand(EngageLab, {"users": [], "operation": "increase"}, duplicates=["all", "last"]),
        'duplicates[1]: duplicates="last" is for operations that set or unset',
    ),
    "beside another list": (
        expand(EngageLab, {"users": []}, operation=["set", "increase"], duplicates=["all", "last"]),
        'operation[1] with duplicates[1]: duplicates="last" is for operations that set or unset',
    ),
    "a total's": (expand(Total, {}, reports=[[], 5]), "reports[1]: reports is 5"),
    "in a dict of parameters": (
        expand_kwargs(Kahuna, KAHUNA, {}, {"on_empty": "x"}),
        f"expand_kwargs[1]: on_empty is the text 'x'; {CHOICE}",
    ),
    "in one dict beside upstream's": (
        expand_kwargs(Kahuna, KAHUNA, upstream, {"on_empty": "x"}),
        f"expand_kwargs[1]: on_empty is the text 'x'; {CHOICE}",
    ),
    "together in a dict": (
        expand_kwargs(MoEngage, {"users": []}, {"operation": "add"}, {"operation": "add", "nulls": "unset"}),
        'expand_kwargs[1]: nulls is "unset", but operation="add" only changes arrays',
    ),
    "with a name that is none": (
        expand_kwargs(Kahuna, {"target": ["a"]}, {"users": []}, {"user": [{"name": "canary7"}]}),
        "expand_kwargs[1]: KahunaSetAttributesOperator.expand_kwargs() got an unexpected keyword argument 'user'",
    ),
    "without one that is needed": (
        expand_kwargs(Kahuna, {}, {"users": [], "target": ["a"]}, {"users": []}),
        "expand_kwargs[1]: missing keyword argument 'target'",
    ),
    "the last of many": (expand(Kahuna, KAHUNA, limit=[1] * 1_000 + [-1]), "limit[1000]: limit is -1; give"),
    "users": (expand(Kahuna, {"target": ["a"]}, users=[[], "canary7"]), "users[1]: users is a str that does not end"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_invalid_value_is_an_error_of_the_dag(airflow: Any, name: str) -> None:
    build, message = REFUSED[name]
    with pytest.raises(WrongParameter) as refused:
        airflow.dag(build)
    assert str(refused.value).startswith(message)
    assert "canary7" not in str(refused.value)


@pytest.mark.parametrize(
    "build",
    [
        expand(Kahuna, KAHUNA, limit=lambda: [1, "{{ params.limit }}", upstream()]),
        expand(Kahuna, KAHUNA, on_empty=upstream),
        expand(Kahuna, KAHUNA, on_empty=[]),
        expand_kwargs(Kahuna, KAHUNA, {"limit": 3, "sample": 1, "dry_run": False}, {"max_failed": None}),
        expand(EngageLab, {"users": [], "sample": 1}, dry_run=[True, False]),
        expand(EngageLab, {"users": [], "operation": "increase"}, duplicates=["all", "error"]),
    ],
    ids=["deferred", "upstream", "none", "dicts", "sample", "together"],
)
def test_what_may_be_right_is_left_for_the_run(airflow: Any, build: Any) -> None:
    assert "push" in airflow.dag(build).task_dict


class OfATeam(Kahuna):
    """Makes something else of what it takes, and counts how often."""

    made = 0

    def __init__(self, *, on_empty: str = "shout", folder: str = "a", **kwargs: Any) -> None:
        type(self).made += 1
        words = {"shout": "fail", "mumble": "warn"}
        super().__init__(on_empty=words[on_empty], rejects_path=f"/data/{folder}/rejects.jsonl", **kwargs)


def test_a_subclass_says_itself_what_it_takes(airflow: Any) -> None:
    assert airflow.dag(expand(OfATeam, KAHUNA, on_empty=["shout", "mumble", "something it fails of"]))
    assert airflow.dag(expand(OfATeam, KAHUNA, folder=["a", "b"], limit=[1, 2]))
    with pytest.raises(WrongParameter, match=r"^limit\[1\]: limit is 0"):
        airflow.dag(expand(OfATeam, KAHUNA, limit=[1, 0]))
    with pytest.raises(WrongParameter, match=r"^folder\[0\] with limit\[1\]: limit is 0"):
        airflow.dag(expand(OfATeam, KAHUNA, folder=["a", "b"], limit=[1, 0]))


def test_a_long_list_does_not_make_the_dag_slow_to_parse(airflow: Any) -> None:
    OfATeam.made = 0
    airflow.dag(expand(OfATeam, KAHUNA, limit=[*range(1, 2_000)]))
    assert OfATeam.made <= 102
    OfATeam.made = 0
    airflow.dag(expand(OfATeam, KAHUNA, limit=[*range(1, 41)], max_failed=[*range(40)]))
    assert OfATeam.made <= 102


@pytest.mark.usefixtures("connections", "any_euid")
def test_what_is_checked_runs_as_it_is_given(airflow: Any, control: Any) -> None:
    def build() -> None:
        EngageLab.partial(task_id="push", users=[{"euid": 1, "a": 1, "b": 2}]).expand(
            attributes=[["a"], {"c": "b"}], dry_run=[False, "{{ true }}"]
        )

    run = airflow.run(build)
    states = [run.states["push", index] for index in range(4)]
    assert states == ["success"] * 4
    assert len(control.journal()) == 2

# SPDX-License-Identifier: Apache-2.0
"""What does not go together is refused of a mapped operator when the DAG is parsed, as far as it is known then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow_names import task

from airflow_provider_userattrs.changes import ChangedOnly, Watermark
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator as EngageLab
from airflow_provider_userattrs.operators.engagelab import EngageLabUnsetAttributesOperator as EngageLabUnset
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator as Kahuna
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator as MoEngage
from airflow_provider_userattrs.operators.moengage import MoEngageUnsetAttributesOperator as MoEngageUnset
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.failure import WrongParameter


class Uncountable:
    """A source that does not know how many rows it has."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield none."""
        yield from ()


WINDOW = SqlRows("SELECT id, updated_at FROM users", key="id", conn_id="warehouse", since=Watermark("updated_at"))

#: (operator, parameters that do not go together, one of them that may be mapped over in their place and is right).
TOGETHER: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (EngageLab, {"sample": 3}, {"dry_run": [True]}),
    (EngageLab, {"sample": 3, "dry_run": False}, {"sample": [0]}),
    (EngageLab, {"max_change": 0.5, "do_xcom_push": False}, {"max_change": [None]}),
    (EngageLab, {"expect_rows": (1, None), "users": Uncountable()}, {"expect_rows": [None]}),
    (EngageLab, {"max_change": 0.5, "users": Uncountable()}, {"users": [[]]}),
    (EngageLab, {"rejects_path": "/tmp/a.jsonl", "users": "/tmp/a.jsonl"}, {"rejects_path": ["/tmp/b.jsonl"]}),
    (EngageLab, {"user_id": "uid", "anonymous_id": "aid"}, {"user_id": [None]}),
    (EngageLab, {"user_id": "uid", "euid": "key"}, {"euid": ["euid"]}),
    (EngageLab, {"euid_cache": "/tmp/euids"}, {"user_id": ["uid"]}),
    (EngageLab, {"operation": "increase", "duplicates": "last"}, {"operation": ["set"]}),
    (EngageLab, {"operation": "add", "changed_only": ChangedOnly("/tmp/known")}, {"changed_only": [None]}),
    (EngageLab, {"users": WINDOW}, {"changed_only": [ChangedOnly("/tmp/known")]}),
    (EngageLab, {"exclude": ["a"], "attributes": {"a": "b"}}, {"exclude": [None]}),
    (
        EngageLab,
        {"user_id": "uid", "changed_only": ChangedOnly("/tmp/known", removed="unset")},
        {"user_id": [None]},
    ),
    (
        EngageLabUnset,
        {"attributes": ["a"], "changed_only": ChangedOnly("/tmp/known", removed="unset")},
        {"changed_only": [None]},
    ),
    (Kahuna, {"target": ["username"], "attributes": ["a"], "rename": {"b": "c"}}, {"rename": [None]}),
    (MoEngageUnset, {"attributes": ["a"], "verify": 5, "match": "prefix"}, {"match": ["equals"]}),
    (MoEngage, {"operation": "add", "nulls": "unset"}, {"nulls": ["skip"]}),
    (MoEngage, {"operation": "add", "nulls": "unset", "bulk": True}, {"operation": ["set"]}),
]
IDS = [f"{operator.__name__}-{'-'.join(given)}" for operator, given, _ in TOGETHER]


def mapped(airflow: Any, operator: Any, given: dict[str, Any], over: Any) -> Any:
    def build() -> None:
        partial = operator.partial(task_id="push", **given)
        if isinstance(over, dict):
            partial.expand(**over)
        else:
            partial.expand_kwargs(over())

    return airflow.dag(build)


def mappings() -> Any:
    @task
    def split() -> Any:
        return []

    return split()


@pytest.mark.parametrize(("operator", "given", "_"), TOGETHER, ids=IDS)
def test_what_an_operator_refuses_a_mapped_one_refuses(airflow: Any, operator: Any, given: Any, _: Any) -> None:
    with pytest.raises(WrongParameter) as refused:
        airflow.dag(lambda: operator(task_id="push", **{"users": [], **given}))
    over: dict[str, Any] = {"users": [[], []]} if "users" not in given else {"max_failed": [1, 2]}
    with pytest.raises(WrongParameter) as refused_mapped:
        mapped(airflow, operator, given, over)
    assert str(refused_mapped.value) == str(refused.value)


@pytest.mark.parametrize(("operator", "given", "over"), TOGETHER, ids=IDS)
def test_what_is_mapped_over_is_not_known_yet(airflow: Any, operator: Any, given: Any, over: Any) -> None:
    rest = {name: value for name, value in given.items() if name not in over}
    dag = mapped(airflow, operator, rest, {**over, "users": over.get("users") or [[]]} if "users" not in rest else over)
    assert list(dag.task_dict) == ["push"]


@pytest.mark.parametrize(("operator", "given", "over"), TOGETHER, ids=IDS)
def test_anything_else_may_come_from_upstream(airflow: Any, operator: Any, given: Any, over: Any) -> None:
    rest = {name: value for name, value in given.items() if name not in over}
    assert "push" in mapped(airflow, operator, rest, mappings).task_dict


@pytest.mark.parametrize(
    ("given", "over"),
    [
        ({"sample": 3, "dry_run": False}, mappings),
        ({"max_change": 0.5, "do_xcom_push": False}, mappings),
        ({"max_change": 0.5, "do_xcom_push": False}, lambda: [{"users": []}, {"users": [], "limit": 1}]),
        ({"user_id": "uid", "anonymous_id": "aid"}, mappings),
        ({"operation": "increase", "duplicates": "last"}, mappings),
    ],
    ids=["sample", "max_change", "max_change-by-a-list", "user_id", "duplicates"],
)
def test_what_is_given_stays_whatever_comes_from_upstream(airflow: Any, given: Any, over: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        mapped(airflow, EngageLab, given, over)


def test_default_args_and_a_subclass_decide_as_when_the_task_runs(airflow: Any) -> None:
    class Rehearsal(EngageLab):
        def __init__(self, *, table: str = "users", **kwargs: Any) -> None:
            super().__init__(users=SqlRows(f"SELECT * FROM {table}", conn_id="warehouse"), dry_run=True, **kwargs)

    def build(operator: Any, **over: Any) -> None:
        operator.partial(task_id="push", sample=3).expand(**over)

    assert airflow.dag(lambda: build(EngageLab, users=[[]]), default_args={"dry_run": True})
    assert airflow.dag(lambda: build(Rehearsal, table=["a", "b"]))
    assert airflow.dag(lambda: build(Rehearsal, limit=[1, 2]))
    assert "push" in mapped(airflow, Rehearsal, {"sample": 3}, mappings).task_dict


class InWords(MoEngage):
    """Takes parameters of ours, and makes something else of them."""

    def __init__(
        self,
        *,
        users: str = "everybody",
        attributes: str = "plan",
        changed_only: str = "/tmp/known",
        nulls: str = "remove",
        on_attention: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            users=SqlRows(f"SELECT * FROM {users}", conn_id="warehouse", key="customer_id"),
            attributes=attributes.split(","),
            changed_only=ChangedOnly(changed_only),
            nulls={"remove": "unset"}.get(nulls, nulls),
            **kwargs,
        )
        self.channel = on_attention


class ByKeywords(MoEngage):
    """The same, without naming the parameters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "attributes": kwargs["attributes"].split(",")})


class InWordsOfATeam(InWords):
    """Takes what its parent takes."""


@pytest.mark.parametrize(
    ("operator", "given"),
    [
        (InWords, {"users": "buyers"}),
        (InWords, {"attributes": "plan,age"}),
        (InWords, {"changed_only": "/tmp/other"}),
        (InWords, {"nulls": "remove"}),
        (InWords, {"on_attention": "#nightly"}),
        (InWordsOfATeam, {"attributes": "plan,age", "nulls": "remove"}),
        (ByKeywords, {"users": [], "attributes": "plan,age"}),
    ],
    ids=["users", "attributes", "changed_only", "nulls", "on_attention", "grandchild", "keywords"],
)
def test_what_a_subclass_takes_is_its_own_matter(airflow: Any, operator: Any, given: dict[str, Any]) -> None:
    assert airflow.dag(lambda: operator(task_id="push", **given))
    assert "push" in mapped(airflow, operator, given, {"moengage_conn_id": ["one", "two"]}).task_dict
    assert "push" in mapped(airflow, operator, given, mappings).task_dict


def test_what_a_subclass_hands_on_is_checked(airflow: Any) -> None:
    for given in ({"nulls": "delete"}, {"max_failed": 2.5}, {"sample": 3}):
        with pytest.raises(WrongParameter, match=next(iter(given))):
            mapped(airflow, InWords, given, {"moengage_conn_id": ["one", "two"]})


def test_a_total_may_be_mapped(airflow: Any) -> None:
    dag = mapped(airflow, PushTotalOperator, {}, {"reports": [[], []]})
    assert list(dag.task_dict) == ["push"]


@pytest.mark.usefixtures("connections", "any_euid")
def test_rows_of_the_dag_file_are_read_as_ever(airflow: Any, control: Any) -> None:
    def build() -> None:
        EngageLab.partial(task_id="push", sample=1).expand_kwargs(
            [{"users": [{"euid": number, "a": 1}], "dry_run": True} for number in (1, 2)]
        )

    run = airflow.run(build)
    assert [run.states["push", index] for index in (0, 1)] == ["success", "success"]
    assert control.journal() == []


@pytest.mark.usefixtures("connections", "any_euid")
def test_a_push_that_is_no_dry_run_shows_nothing_beside_one_that_is(airflow: Any, control: Any) -> None:
    def build() -> None:
        EngageLab.partial(task_id="push", users=[{"euid": 1, "a": 1}], sample=1).expand(dry_run=[True, False])

    run = airflow.run(build)
    assert [run.states["push", index] for index in (0, 1)] == ["success", "success"]
    assert len(control.journal()) == 1

# SPDX-License-Identifier: Apache-2.0
"""A rule on several parameters is left out while one of them is mapped over, and applied when the task runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from airflow_names import task

import airflow_provider_userattrs.operators as operators
from airflow_provider_userattrs.changes import ChangedOnly, Watermark
from airflow_provider_userattrs.operators.checked import CheckedOperator
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator as EngageLab
from airflow_provider_userattrs.operators.kahuna import KahunaUnsetAttributesOperator as KahunaUnset
from airflow_provider_userattrs.operators.moengage import MoEngageUnsetAttributesOperator as MoEngageUnset
from airflow_provider_userattrs.operators.rule import Moment, Rule
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.failure import WrongParameter


class Uncountable:
    """A source that does not know how many rows it has."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield none."""
        yield from ()


WINDOW = SqlRows("SELECT id, updated_at FROM users", key="id", conn_id="warehouse", since=Watermark("updated_at"))
UNSET = ChangedOnly("/data/known", removed="unset")


#: Rule -> an operator, and parameters that break this rule alone.
BROKEN: dict[str, tuple[Any, dict[str, Any]]] = {
    "rejects_path": (EngageLab, {"rejects_path": "/data/a.jsonl", "users": "/data/a.jsonl"}),
    "expect_rows": (EngageLab, {"expect_rows": (1, None), "users": Uncountable()}),
    "max_change": (EngageLab, {"max_change": 0.5, "users": Uncountable()}),
    "last_is_kept": (EngageLab, {"max_change": 0.5, "do_xcom_push": False}),
    "since": (EngageLab, {"users": WINDOW, "changed_only": None}),
    "changed_only": (EngageLab, {"operation": "add", "changed_only": ChangedOnly("/data/known")}),
    "duplicates": (EngageLab, {"operation": "increase", "duplicates": "last"}),
    "unset": (KahunaUnset, {"target": ["username"], "attributes": ["a"], "changed_only": UNSET}),
    "whole": (EngageLab, {"users": Rejects("/data/rejects.jsonl"), "changed_only": UNSET}),
    "sample": (EngageLab, {"sample": 3, "dry_run": False}),
    "on_empty": (EngageLab, {"on_empty": "fail", "shard": Shard(0, 2, 2)}),
    "alone-euid-anonymous_id": (EngageLab, {"euid": "key", "anonymous_id": "aid"}),
    "alone-euid-registration_id": (EngageLab, {"euid": "key", "registration_id": "rid"}),
    "alone-euid-user_id": (EngageLab, {"euid": "key", "user_id": "uid"}),
    "alone-anonymous_id-registration_id": (EngageLab, {"anonymous_id": "aid", "registration_id": "rid"}),
    "alone-user_id-anonymous_id": (EngageLab, {"user_id": "uid", "anonymous_id": "aid"}),
    "alone-user_id-registration_id": (EngageLab, {"user_id": "uid", "registration_id": "rid"}),
    "euid_cache": (EngageLab, {"euid_cache": "/data/euids"}),
    "unset_by_euid": (EngageLab, {"user_id": "uid", "changed_only": UNSET}),
    "read_back": (MoEngageUnset, {"attributes": ["a"], "verify": 5, "match": "prefix"}),
}


def name_of(rule: Rule) -> str:
    """Return a rule's name, and the parameters that it is made for."""
    check, *made_for = (rule.check.func, *rule.check.args) if isinstance(rule.check, partial) else (rule.check,)
    return "-".join([check.__name__.removeprefix("_check_"), *made_for])


OPERATORS = [
    getattr(operators, name) for name in operators.__all__ if name.endswith("Operator") and name != "PushTotalOperator"
]
RULES = {name_of(rule): rule for operator in OPERATORS for rule in operator.rules}
EACH = [
    pytest.param(rule, parameter, id=f"{name}-{parameter}")
    for name, rule in RULES.items()
    for parameter in rule.reads
    if name in BROKEN and (parameter in BROKEN[name][0].checks or parameter == "do_xcom_push")
]


def test_each_rule_can_be_broken() -> None:
    assert sorted(BROKEN) == sorted(RULES)


def broken(rule: Rule) -> tuple[type[CheckedOperator], dict[str, Any]]:
    operator, given = BROKEN[name_of(rule)]
    return operator, {"users": [], **given}


@pytest.mark.parametrize(("rule", "parameter"), EACH)
def test_a_rule_waits_for_what_is_mapped_over(airflow: Any, rule: Rule, parameter: str) -> None:
    @task
    def split() -> Any:
        return []

    operator, given = broken(rule)
    rest = {name: value for name, value in given.items() if name != parameter}
    dag = airflow.dag(lambda: operator.partial(task_id="push", **rest).expand(**{parameter: split()}))
    mapped = dag.get_task("push")

    # As Airflow makes a mapped task instance's operator when it runs, and renders it.
    own = {parameter: given[parameter]} if parameter in given else {}
    assert refusal(lambda: made_to_run(mapped, own)) == refusal(lambda: rule.check(bare(operator, given)))


def made_to_run(mapped: Any, own: dict[str, Any]) -> None:
    made = mapped.unmap(own)
    if wrong := made.check_rendered():
        raise WrongParameter(str(wrong))
    made.check_together(Moment.PARSED)


def refusal(do: Callable[[], Any]) -> str:
    with pytest.raises(WrongParameter) as refused:
        do()
    return str(refused.value)


def bare(operator: Any, given: dict[str, Any]) -> Any:
    """Return an operator that nobody has checked."""
    unchecked = type(operator.__name__, (operator,), {"check_together": lambda *_: None})
    return unchecked(task_id="bare", **given)

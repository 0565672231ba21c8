# SPDX-License-Identifier: Apache-2.0
"""What docs/versions.md says of each Airflow is so on this one."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowPlugin, task
from canaries.places import everything_is_logged
from matrix import NOT_IN_CI, OLDEST, ROWS
from versions import SINCE, has, not_on

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator

PAGE = (Path(__file__).parents[2] / "docs" / "versions.md").read_text()


def test_the_page_lists_every_feature_that_a_test_needs() -> None:
    features = PAGE.partition("\n## ")[0]
    result = dict(re.findall(r"^\| ([^|]+) \| ([\d.]+) \|", features, re.MULTILINE))
    assert {feature: result.get(feature) for feature in SINCE} == SINCE
    assert {since for feature, since in result.items() if feature not in SINCE} == {"2.11"}


@not_on("2.11", because="no process there logs what a task returns")
@pytest.mark.usefixtures("connections")
def test_at_level_debug_airflow_itself_prints_what_a_task_returns_and_what_is_to_be_masked(
    airflow: Any, sandbox: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "What every Airflow 3 does at level `DEBUG`" in PAGE

    @task(show_return_value_in_logs=False)
    def users() -> Any:
        return [{"username": "somebody", "plan": "gold"}]

    with everything_is_logged():
        airflow.run(lambda: KahunaSetAttributesOperator(task_id="push", users=users(), target=["username"]))
    printed = capfd.readouterr().out
    returned, masked = (
        [line for line in printed.splitlines() if said in line]
        for said in ("SetXCom(key='return_value'", "MaskSecret(")
    )
    assert any("somebody" in line for line in returned)
    assert any(sandbox.world.vendors["kahuna"].login[1] in line for line in masked)


def test_the_page_lists_every_environment_that_is_tested() -> None:
    rows = re.findall(r"^\| (\S+) \| ([\d.]+) \| ([\d-]*) ?\| ?(.*?) ?\|$", PAGE, re.MULTILINE)
    in_ci = {row.name: "smoke" for row in ROWS if row.name not in NOT_IN_CI} | {OLDEST: "all"}
    pins = (Path(__file__).parents[2] / "constraints.txt").read_text()
    assert (
        f"(Airflow {re.findall('^apache-airflow==(.+)$', pins, re.MULTILINE)[0]}, the newest, on Python 3.11)" in PAGE
    )
    assert rows == [(row.airflow, row.python, row.until, in_ci.get(row.name, "")) for row in ROWS]


@pytest.mark.parametrize(
    ("feature", "is_there"),
    [
        ("Push report tab", hasattr(AirflowPlugin, "external_views")),
        ("task state store", find_spec("airflow.models.task_state_store") is not None),
        (
            "retry policy",
            find_spec("airflow.sdk") is not None and find_spec("airflow.sdk.definitions.retry_policy") is not None,
        ),
    ],
)
def test_this_airflow_has_it_as_the_page_says(feature: str, is_there: bool) -> None:
    assert is_there is has(feature)


@pytest.mark.skipif(has("retry policy"), reason="it is there")
def test_a_retry_policy_is_missing_in_words() -> None:
    with pytest.raises(ImportError, match=r"VendorRetryPolicy needs Airflow 3\.3 or later"):
        from airflow_provider_userattrs.operators import VendorRetryPolicy  # noqa: F401


@pytest.mark.skipif(has("task state store"), reason="it is there")
@pytest.mark.usefixtures("connections", "clock")
def test_a_task_state_store_is_missing_in_words(airflow: Any) -> None:
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(task_id="push", users=[{"euid": 1, "points": 1}], retries=1)
    )
    assert (
        run.log.texts.count(
            "Airflow before 3.3 stores no checkpoint: a retry starts at the first row "
            "(set checkpoint_path to a folder on object storage to change that)"
        )
        == 1
    )


@pytest.mark.skipif(has("task state store"), reason="it is there")
@pytest.mark.usefixtures("connections", "clock")
def test_without_a_task_state_store_what_must_not_be_sent_twice_is_refused_in_words(airflow: Any) -> None:
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(
            task_id="push", users=[{"euid": 1, "points": 1}], operation="increase", retries=1
        )
    )
    assert run.state == "failed"
    assert "Airflow before 3.3 stores no checkpoint, and a retry of this task would send again" in str(run.error)
    assert "set checkpoint_path to a folder on object storage" in str(run.error)

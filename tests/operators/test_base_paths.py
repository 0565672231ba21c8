# SPDX-License-Identifier: Apache-2.0
"""Parameters that are paths take a `pathlib.Path` and Airflow's ObjectStoragePath, on real Airflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow_names import ObjectStoragePath, task

from airflow_provider_userattrs import ChangedOnly, Rejects
from airflow_provider_userattrs.operators import EngageLabSetAttributesOperator
from airflow_provider_userattrs.task.failure import WrongParameter

pytestmark = pytest.mark.usefixtures("connections", "clock")

#: Kind of path -> how it is made of the text of a local one.
MADE: dict[str, Callable[[str], Any]] = {
    "text": str,
    "Path": Path,
    "ObjectStoragePath": lambda text: ObjectStoragePath(f"file://{text}"),
}
#: What a type checker has to take, too.
Given = str | Path | ObjectStoragePath
EACH = pytest.mark.parametrize("make", MADE.values(), ids=MADE)
ROWS = [{"user_id": "u1", "n": 1}, {"user_id": "u2", "n": float("nan")}]


@EACH
def test_all_paths_of_a_push(airflow: Any, control: Any, tmp_path: Path, make: Any) -> None:
    folder = f"{tmp_path}/{{{{ dag.dag_id }}}}"
    given: dict[str, Any] = {
        "user_id": "user_id",
        "rejects_path": make(f"{folder}/rejects.jsonl"),
        "checkpoint_path": make(f"{folder}/checkpoints"),
        "euid_cache": make(f"{folder}/euids"),
        "changed_only": ChangedOnly(make(f"{folder}/known")),
    }

    def build() -> None:
        push = EngageLabSetAttributesOperator(task_id="push", users=ROWS, **given)
        again = EngageLabSetAttributesOperator(
            task_id="again", users=Rejects(make(f"{folder}/rejects.jsonl")), user_id="user_id", max_failed=None
        )
        push >> again

    run = airflow.run(build, dag_id="paths")
    report = run.reports["push"]
    assert report["rejects_path"].endswith(".jsonl")
    assert (report["accepted"], report["invalid"]) == (1, 1)
    assert run.reports["again"]["invalid"] == 1
    found = {
        path.relative_to(tmp_path / "paths").parts[0] for path in (tmp_path / "paths").rglob("*") if path.is_file()
    }
    assert {"known", "euids"} <= found
    assert any(name.startswith("rejects") for name in found)
    assert [*tmp_path.iterdir()] == [tmp_path / "paths"]


@EACH
def test_however_a_path_is_given(airflow: Any, control: Any, tmp_path: Path, make: Any) -> None:
    path = make(f"{tmp_path}/rejects.jsonl")

    class Late(EngageLabSetAttributesOperator):
        def execute(self, context: Any) -> Any:
            self.rejects_path = path
            return super().execute(context)

    def mapped(operator: Any = EngageLabSetAttributesOperator, **given: Any) -> Any:
        return operator.partial(task_id="push", user_id="user_id", **given)

    @task
    def upstream() -> list[str]:
        return [f"{tmp_path}/rejects.jsonl"]

    builds: list[tuple[Callable[[], Any], dict[str, Any]]] = [
        (lambda: mapped(rejects_path=path).expand(users=[ROWS]), {}),
        (lambda: mapped(users=ROWS).expand(rejects_path=[path]), {}),
        (lambda: mapped(users=ROWS).expand(rejects_path=upstream()), {}),
        (lambda: mapped().expand_kwargs([{"users": ROWS, "rejects_path": path}]), {}),
        (lambda: mapped().expand(users=[ROWS]), {"default_args": {"rejects_path": path}}),
        (lambda: mapped(Late).expand(users=[ROWS]), {}),
    ]
    for number, (build, options) in enumerate(builds, 1):
        run = airflow.run(build, **options)
        assert run.states["push", 0] == "success"
        assert len([*tmp_path.glob("rejects*.jsonl")]) == number


def test_what_is_no_path_to_a_storage(airflow: Any) -> None:
    refused = {
        "rejects_path": (Path("s3://bucket/rejects.jsonl"), "pathlib.Path makes one slash of the two in 's3://'"),
        "checkpoint_path": (Path("userattrs"), "a relative path leads to the folder that a worker happens to run in"),
        "euid_cache": (b"/data", "is a bytes; give a path"),
        "users": (Path("s3://bucket/users.csv"), "pathlib.Path makes one slash of the two in 's3://'"),
    }
    for name, (value, message) in refused.items():
        given = {"users": [], "user_id": "uid", name: value}
        with pytest.raises(WrongParameter, match=message):
            airflow.dag(lambda given=given: EngageLabSetAttributesOperator(task_id="push", **given))
        with pytest.raises(WrongParameter, match=message):
            airflow.dag(
                lambda given=given: EngageLabSetAttributesOperator.partial(task_id="push", **given).expand(limit=[1])
            )
    with pytest.raises(WrongParameter, match=r"^changed_only\.path is .* 's3://'"):
        airflow.dag(
            lambda: EngageLabSetAttributesOperator(
                task_id="push", users=[], changed_only=ChangedOnly(Path("s3://bucket/known"))
            )
        )


def test_the_file_that_is_read_is_no_rejects_file_however_it_is_given(airflow: Any) -> None:
    for make in MADE.values():
        with pytest.raises(WrongParameter, match="rejects_path is the file that the rows are read from"):
            airflow.dag(
                lambda make=make: EngageLabSetAttributesOperator(
                    task_id="push", users=make("/data/a.jsonl"), rejects_path=make("/data/a.jsonl")
                )
            )


@EACH
def test_each_kind_is_taken_by_a_type_checker(make: Callable[[str], Given]) -> None:
    """Each line here is checked with its types, as a DAG of the author's is."""
    path = make("/data/known")
    changed_only = ChangedOnly(path)
    push = EngageLabSetAttributesOperator(
        task_id="push", users=ROWS, user_id="user_id", euid_cache=path, changed_only=changed_only, rejects_path=path
    )
    assert [changed_only.path, push.euid_cache, push.rejects_path] == [str(path)] * 3

# SPDX-License-Identifier: Apache-2.0
"""Mistakes that everybody makes in the first hour, on real Airflow: the task fails, and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_hook_called_with_the_wrong_shape(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    from airflow.providers.common.compat.sdk import task

    @task
    def push() -> None:
        from airflow_provider_userattrs.hooks import KahunaHook

        KahunaHook().set_attributes([{"username": "ada", "plan": "gold"}])  # type: ignore[dict-item]

    run = airflow.run(push)
    assert run.state == "failed"
    assert str(run.error) == (
        "users[0] has no 'target'; call "
        'set_attributes([{"target": {"username": "ada"}, "attributes": {"plan": "gold"}}])'
    )
    assert control.journal() == []


@pytest.mark.parametrize(("null", "kept"), [("", "Ada"), (None, "")], ids=["default", "text"])
def test_an_empty_field_of_a_csv_file(
    airflow: Any, connections: Callable[..., None], control: Any, tmp_path: Path, null: str | None, kept: str
) -> None:
    from airflow_provider_userattrs import FileRows
    from airflow_provider_userattrs.operators import KahunaSetAttributesOperator

    path = tmp_path / "users.csv"
    control.seed("kahuna", [{"username": "ada"}])
    for first_name in ("Ada", ""):
        path.write_text(f"username,first_name,plan\nada,{first_name},gold\n", encoding="utf-8")
        source = FileRows(str(path), null=null) if null is None else FileRows(str(path))
        run = airflow.run(lambda: KahunaSetAttributesOperator(task_id="push", users=source, target=["username"]))  # noqa: B023
        assert run.state == "success"
    assert control.user("kahuna", "ada")["attributes"] == {"first_name": kept, "plan": "gold"}

# SPDX-License-Identifier: Apache-2.0
"""docs/hooks.md: its tasks run as they are written, and fail if the vendor does not accept a user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pages import blocks
from versions import AIRFLOW

#: Heading, as whom the sandbox knows the user, what the task is called with.
PAGES = [
    ("EngageLab", 10362473, 10362473),
    ("Kahuna", {"username": "ada"}, "ada"),
    ("MoEngage", {"customer_id": "ada"}, "ada"),
]


def task_of(heading: str, name: str = "") -> Any:
    """Return the task that stands under a heading."""
    (block,) = blocks("docs/hooks.md", heading, "python")
    code = block.text if AIRFLOW.major > 2 else block.text.replace("airflow.sdk", "airflow.decorators")
    names: dict[str, Any] = {"__name__": __name__}
    exec(code, names)
    return names[name or f"welcome_in_{heading.lower()}"]


@pytest.mark.parametrize(("heading", "known", "user"), PAGES, ids=[heading for heading, _, _ in PAGES])
def test_a_task_runs_as_written(
    airflow: Any, connections: Callable[..., None], control: Any, heading: str, known: Any, user: Any
) -> None:
    if heading != "MoEngage":
        control.seed(heading.lower(), [known])
    run = airflow.run(lambda: task_of(heading)(user))
    assert set(run.states.values()) == {"success"}, run.error
    assert len(control.journal(heading.lower())) in (2, 3, 4)


@pytest.mark.parametrize(("heading", "known", "user"), PAGES[:2], ids=[heading for heading, _, _ in PAGES[:2]])
def test_a_task_fails_if_the_user_is_unknown(
    airflow: Any, connections: Callable[..., None], control: Any, heading: str, known: Any, user: Any
) -> None:
    run = airflow.run(lambda: task_of(heading)(user))
    assert set(run.states.values()) == {"failed"}
    assert heading in str(run.error)


def test_euids_are_looked_up_as_written(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    control.seed("engagelab", [{"euid": 7, "user_id": "a"}])
    euids_of = task_of("EUIDs by your own ids", "euids_of")
    assert airflow.run(lambda: euids_of(["a"])).reports["euids_of"] == {"a": 7}
    control.switch(engagelab__register_creates=False)
    run = airflow.run(lambda: euids_of(["a", "z"]))
    assert set(run.states.values()) == {"failed"}
    assert "no-euid" in str(run.error)

# SPDX-License-Identifier: Apache-2.0
"""docs/verdicts.md: a line of a rejects file, and what a replay of it sends once it is corrected."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pages import blocks, section

from airflow_provider_userattrs import Rejects
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator
from airflow_provider_userattrs.task.run import Run

PAGE = "docs/verdicts.md"
LINE = json.loads(blocks(PAGE, "The rejects file", "json")[0].text)


def test_the_line_of_the_page(airflow: Any, connections: Any, control: Any, tmp_path: Path) -> None:
    control.seed("kahuna", [{"username": "user0001"}, {"username": "user0002"}])
    born = date.fromisoformat(LINE["row"]["born"]["value"])
    rows = [{"username": name, "plan": "gold", "born": born} for name in ("user0001", LINE["row"]["username"])]

    def push(users: Any) -> Any:
        path = str(tmp_path / "rejects.jsonl")
        return airflow.run(
            lambda: KahunaSetAttributesOperator(task_id="push", users=users, target=["username"], rejects_path=path)
        )

    report = push(rows).report
    written = Path(report["rejects_path"])
    head, line = written.read_text().splitlines()
    assert json.loads(line) == LINE
    assert set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \| ", section(PAGE, "The rejects file"), re.M)))
    ) == {
        *LINE,
        "types",
    }
    written.write_text(f"{head}\n{line.replace(LINE['row']['username'], 'user0002')}\n")
    assert push(Rejects(str(written))).report["accepted"] == 1
    assert control.user("kahuna", "user0002")["attributes"] == {"plan": "gold", "born": "1990/04/01"}


def test_a_cleared_task_goes_on_or_begins_again(connections: Any, control: Any, clock: Any, tmp_path: Path) -> None:
    names = [f"user{number}" for number in range(150)]
    control.seed("kahuna", [{"username": name} for name in names])

    def push(max_tries: int) -> Any:
        """Push as a task does that was cleared once more, which raises its maximum of tries."""
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=max_tries)
        rows = [{"username": name, "plan": "gold"} for name in names]
        operator = KahunaSetAttributesOperator(
            task_id="t", users=rows, target=["username"], checkpoint_path=str(tmp_path), concurrency=1
        )
        context: Any = {"ti": ti}
        return Run(operator.make_spec(context), context).run()

    control.fault("kahuna", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 2, "to": 2})
    assert push(0)["accepted"] == 100
    goes_on = push(1)
    assert (goes_on["accepted"], goes_on["resumed_from"]) == (150, 100)
    again = push(2)
    assert (again["accepted"], again["resumed_from"]) == (150, None)

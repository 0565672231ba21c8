# SPDX-License-Identifier: Apache-2.0
"""docs/verdicts.md: a line of a rejects file, and what a replay of it sends once it is corrected."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from pages import blocks, section

from airflow_provider_userattrs import Rejects
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator

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

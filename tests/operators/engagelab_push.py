# SPDX-License-Identifier: Apache-2.0
"""Pushes to EngageLab of rows that a task or a source gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_names import task

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

#: Of the table that the fixture `warehouse` fills.
QUERY = "SELECT euid, plan FROM users WHERE day = '{{ ds if false else \"today\" }}'"


def properties(control: Any) -> dict[str, Any]:
    return {euid: user["properties"] for euid, user in control.users("engagelab").items()}


def upstream(rows: Any, name: str = "upstream") -> Any:
    @task(task_id=name)
    def give() -> Any:
        return rows

    return give()


def push(users: Any, **parameters: Any) -> Any:
    return EngageLabSetAttributesOperator(task_id="push", users=users, **parameters)


class Given:
    """A source that yields what it is given; an exception in it is raised."""

    template_fields = ("label",)

    def __init__(self, *rows: Any, label: str = "") -> None:
        self.given = rows
        self.label = label

    def rows(self) -> Iterator[Any]:
        for row in self.given:
            if isinstance(row, Exception):
                raise row
            yield {**row, "label": self.label} if self.label else row

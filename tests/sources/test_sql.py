# SPDX-License-Identifier: Apache-2.0
"""Rows of a real PostgreSQL, through both of its drivers, and of SQLite."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sources.sql_rows import source

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.sql import SqlRows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sql": ""}, "sql is empty"),
        ({"sql": 5}, "sql is 5"),
        ({"conn_id": None}, "conn_id is None"),
        ({"parameters": "ada"}, "parameters is a str"),
        ({"parameters": 5}, "parameters is an int"),
        ({"key": "a b"}, "key is the text"),
        ({"key": "id; DROP TABLE x"}, "key is the text"),
        ({"types": {"a": "money"}}, r"types\['a'\] is not a known type"),
        ({"types": ["a"]}, "types is a list"),
    ],
)
def test_arguments_that_cannot_work(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SqlRows(**{"sql": "SELECT 1", "conn_id": "warehouse", **arguments})


def test_a_connection_to_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", '{"conn_type": "smtp"}')
    with pytest.raises(RefusedConfiguration, match="SmtpHook"):
        list(source("SELECT 1").rows())


@pytest.mark.parametrize("sql", ["SELECT 1 AS a", "SELECT 1 AS a ORDER BY a"])
def test_without_a_key_a_retry_starts_at_the_first_row(sql: str) -> None:
    assert "key=" in str(source(sql).check_resume())
    assert source(sql, key="a").check_resume() is None


def test_identity_and_repr_say_nothing_of_parameters() -> None:
    one, two = (source("SELECT %s", parameters=[mail], key="id") for mail in ("ada@example.com", "bob@example.com"))
    assert one.identity() != two.identity()
    assert one.identity() == source("SELECT %s", parameters=["ada@example.com"], key="id").identity()
    assert one.identity() != source("SELECT %s ", parameters=["ada@example.com"], key="id").identity()
    assert "ada" not in json.dumps(one.identity()) + repr(one) + str(one)

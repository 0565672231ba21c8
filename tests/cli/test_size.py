# SPDX-License-Identifier: Apache-2.0
"""`size` comes to what docs/sizing.md has."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pages import section

from airflow_provider_userattrs.cli.definition import make_parser
from airflow_provider_userattrs.cli.size import OPERATIONS, size_of

TABLE = [
    [cell.replace("`", "") for cell in re.findall(r"(?<=\| ).+?(?= \|)", line)]
    for line in section("docs/sizing.md", "How many").splitlines()
    if line.startswith(("| EngageLab", "| Kahuna", "| MoEngage"))
]
ALONE = {row[0]: row[1:] for row in TABLE[:4]}
IN_SHARDS = {(row[0], int(row[1].replace(",", ""))): row[2:] for row in TABLE[4:]}


def printed(capsys: Any, *arguments: str) -> dict[str, list[str]]:
    given = make_parser().parse_args(["size", *arguments])
    given.func(given)
    lines = [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()[2:-2]]
    assert lines[0] == ["vendor", "users a second", "one task", "shards", "time", "limited by"]
    return {line[0]: line[1:] for line in lines[1:]}


@pytest.mark.parametrize(("column", "users"), enumerate((1_000_000, 10_000_000, 100_000_000), 1))
def test_it_is_the_table_of_the_docs(capsys: Any, column: int, users: int) -> None:
    lines = printed(capsys, "--users", str(users))
    assert list(lines) == list(OPERATIONS) == list(ALONE)
    for vendor, (rate, alone, shards, time, why) in lines.items():
        assert [rate, alone] == [ALONE[vendor][0], ALONE[vendor][column]]
        assert [shards, time, why] == IN_SHARDS[vendor, users]


def test_a_slow_task_needs_shards_up_to_the_cap() -> None:
    size = size_of(OPERATIONS["MoEngage"], 10_000_000, 1, requests_a_second=50, user_bytes=250)
    assert (size.rate, size.shards, size.is_capped) == (50, 4, True)
    assert size.seconds_in_shards == pytest.approx(60_000)
    one = size_of(OPERATIONS["EngageLab"], 1, 4, requests_a_second=320, user_bytes=250)
    assert (one.shards, one.is_capped) == (1, False)

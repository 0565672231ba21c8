# SPDX-License-Identifier: Apache-2.0
"""docs/commands.md: what `size` prints, and arguments that exist."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from pages import blocks

from airflow_provider_userattrs.cli.definition import COMMANDS, make_parser

LINES = [
    line
    for command in COMMANDS
    for block in blocks("docs/commands.md", command.name, "bash")
    for line in block.text.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_what_is_shown_is_a_command(line: str) -> None:
    airflow, group, *arguments = shlex.split(line)
    assert (airflow, group) == ("airflow", "userattrs")
    make_parser().parse_args(arguments)


def test_every_command_is_shown() -> None:
    assert {line.split()[2] for line in LINES} == {command.name for command in COMMANDS}


def test_size_prints_what_is_shown(capsys: Any) -> None:
    asked, printed = blocks("docs/commands.md", "size")
    given = make_parser().parse_args(shlex.split(asked.text)[2:])
    given.func(given)
    assert capsys.readouterr().out == printed.text

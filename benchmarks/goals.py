# SPDX-License-Identifier: Apache-2.0
"""The goals of the benchmark: each is shown as soon as it is measured, and all of them at the end."""

from __future__ import annotations

from typing import NamedTuple


class Goal(NamedTuple):
    """A goal and what was measured.

    :param row: what was measured.
    :param goal: what it should be.
    :param figure: what it is.
    :param is_met: whether that is as it should be.
    """

    row: str
    goal: str
    figure: str
    is_met: bool


_SHOWN: list[Goal] = []


def show(row: str, goal: str, figure: str, met: bool, details: dict[str, float] | None = None) -> None:
    """Print what was measured.

    :param row: what was measured.
    :param goal: what it should be.
    :param figure: what it is.
    :param met: whether that is as it should be.
    :param details: the medians behind it.
    """
    _SHOWN.append(Goal(row, goal, figure, met))
    medians = "; ".join(
        f"{name} {value:,.0f}" if value >= 100 else f"{name} {value:.3g}" for name, value in (details or {}).items()
    )
    print(f"{row}: {figure} ({goal}){'' if met else ', missed'}{f'  [{medians}]' if medians else ''}", flush=True)


def print_table() -> None:
    """Print all goals, what was measured, and whether they are met."""
    print("\n| goal | | measured | |\n|---|---|---|---|")
    for each in _SHOWN:
        print(f"| {each.row} | {each.goal} | {each.figure} | {'met' if each.is_met else '**missed**'} |")
    print(f"\n{sum(each.is_met for each in _SHOWN)} of {len(_SHOWN)} goals met")

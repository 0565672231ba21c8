# SPDX-License-Identifier: Apache-2.0
"""The lines below a strip: where each push is, and the gaps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.plugins.strip import HEIGHT, RUNS, line


def test_a_line_with_a_gap() -> None:
    drawn = line([0, 10, None, 5])
    assert drawn is not None
    assert drawn.most == 10
    assert drawn.path == "M0.5 22.0L1.5 2.0M3.5 12.0h.3"


def test_a_logarithmic_line_shows_the_few_beside_the_many() -> None:
    plain, logarithmic = line([12, 41_000]), line([12, 41_000], is_logarithmic=True)
    assert plain is not None
    assert logarithmic is not None
    assert plain.path == "M0.5 22.0L1.5 2.0"
    assert logarithmic.path == "M0.5 17.2L1.5 2.0"


@pytest.mark.parametrize("figures", [[], [None], [None, None]], ids=len)
def test_nothing_is_known(figures: list[float | None]) -> None:
    assert line(figures) is None


@given(st.lists(st.none() | st.integers(0, 10**15) | st.floats(0, 1e12), max_size=RUNS), st.booleans())
def test_every_known_figure_is_a_point_within_the_strip(figures: list[float | None], is_logarithmic: bool) -> None:
    drawn = line(figures, is_logarithmic=is_logarithmic)
    path = drawn.path if drawn else ""
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]
    assert [int(x) for x, _ in points] == [at for at, figure in enumerate(figures) if figure is not None]
    assert all(0 <= y <= HEIGHT for _, y in points)

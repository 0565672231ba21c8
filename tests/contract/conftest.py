# SPDX-License-Identifier: Apache-2.0
"""Each contract test runs once for each of the ten operations, or for those its marker names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cases import CASES, Bench


@pytest.fixture
def bench(sandbox: Any, control: Any, connect: Callable[..., None], fake_clock: Callable[[], Any]) -> Bench:
    return Bench(sandbox, control, connect, fake_clock)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a ``case`` once for each operation, or for those its marker names."""
    if "case" not in metafunc.fixturenames:
        return
    wanted = [marker.args for marker in metafunc.definition.iter_markers("operations")]
    names = {name for names in wanted for name in names}
    cases = [case for case in CASES if not names or names & {case.vendor, case.operation, case.name}]
    metafunc.parametrize("case", cases, ids=[case.name for case in cases])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "operations(*names): the vendors, operations or cases a contract test is about")

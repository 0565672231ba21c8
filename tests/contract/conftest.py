# SPDX-License-Identifier: Apache-2.0
"""Each contract test runs once for each operation of each vendor, or for those its markers name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cases import CASES, Bench, Case

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration


@pytest.fixture
def check(case: Case, bench: Bench) -> Callable[..., Any]:
    """Push one row, and check what became of it and what happened next."""

    def check(status: str, code: str, *, passes: bool = False) -> Any:
        bench.prepare(case, 1)
        rows = case.rows(1)
        pushed = bench.push(case, rows)
        bench.judge(case, rows, pushed)
        assert pushed.codes == {(status, code)}
        (reason,) = pushed.report["reasons"]
        assert reason["meaning"]
        assert reason["remedy"].endswith(".")
        tried = 5 if passes and (case.idempotent or status == "unsent") else 1
        assert len(bench.control.journal()) == tried
        stops = status == "unsent" and not passes
        assert isinstance(pushed.error, RefusedConfiguration) is stops
        if stops:
            assert code in str(pushed.error)
        return reason

    return check


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a ``case`` once for each operation that has one tag of each of its markers.

    One that takes what is ``documented``, too, runs once for each answer that the vendor's pages have.
    """
    if "case" not in metafunc.fixturenames:
        return
    markers = [set(marker.args) for marker in metafunc.definition.iter_markers("only")]
    cases = [case for case in CASES if all(wanted & case.tags for wanted in markers)]
    pairs: list[tuple[Any, ...]]
    if "documented" in metafunc.fixturenames:
        pairs = [(case, each, each.label) for case in cases for each in case.vendor.documented]
    elif "wait" in metafunc.fixturenames:
        pairs = [(case, each, each[0]) for case in cases for each in case.vendor.waits]
    else:
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])
        return
    name = "documented" if "documented" in metafunc.fixturenames else "wait"
    metafunc.parametrize(
        ("case", name), [pair[:2] for pair in pairs], ids=[f"{pair[0].name}-{pair[2]}" for pair in pairs]
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(*tags): the vendors, operations, cases or traits a contract test is about")

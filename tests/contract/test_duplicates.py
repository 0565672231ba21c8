# SPDX-License-Identifier: Apache-2.0
"""Every operation that sets or unsets sends the last row of a user alone, if that is asked for."""

from __future__ import annotations

import pytest
from cases import VALUES, Bench, Case


def test_the_last_row_of_each_user_is_sent(case: Case, bench: Bench) -> None:
    operation = case.operator(task_id="push", users=[], **case.parameters).make_operation()
    bench.prepare(case, 3)
    rows = [case.row(0, 1), case.row(1, 2), case.row(0, 3), case.row(0, 4), case.row(2, 5)]
    if not operation.overwrites:
        with pytest.raises(ValueError, match='duplicates="last" is for operations that set or unset'):
            bench.push(case, rows, parameters={"duplicates": "last"})
        return
    pushed = bench.push(case, rows, parameters={"duplicates": "last"})
    assert pushed.at("accepted") == [1, 3, 4]
    assert pushed.at("skipped") == [0, 2]
    assert [bench.user(case, user)["updates"] for user in range(3)] == [1, 1, 1]
    if case.overwrites:
        assert [bench.history(case, user) for user in range(3)] == [[VALUES[4]], [VALUES[2]], [VALUES[5]]]

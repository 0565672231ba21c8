# SPDX-License-Identifier: Apache-2.0
"""Every operation of every vendor sends a row only if where's column is true in it."""

from __future__ import annotations

from typing import Any

from cases import Bench, Case

CONSENTS: list[Any] = [True, False, None, 1, 0, "true", "false", "granted", float("nan")]


def test_only_rows_in_which_it_is_true_are_sent(case: Case, bench: Bench) -> None:
    bench.prepare(case, len(CONSENTS))
    rows = [{**row, "consented": value} for row, value in zip(case.rows(len(CONSENTS)), CONSENTS, strict=True)]
    pushed = bench.push(case, rows, parameters={"where": "consented"})
    assert pushed.at("accepted") == [0, 3, 5]
    assert pushed.at("skipped") == [1, 2, 4, 6]
    assert pushed.at("invalid") == [7, 8]
    assert pushed.codes == {
        ("skipped", "filtered"),
        ("invalid", "neither-true-nor-false"),
        ("invalid", "not-a-number"),
    }
    sent = {user for user in range(len(CONSENTS)) if bench.user(case, user)["updates"]}
    assert sent == {0, 3, 5}
    assert "consented" not in str([request.get("body") for request in bench.control.journal()])

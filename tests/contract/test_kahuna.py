# SPDX-License-Identifier: Apache-2.0
"""What Kahuna alone says, and what it must come to: seed 002."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

pytestmark = pytest.mark.only("kahuna")


def test_kahunas_409_is_a_permission_and_no_conflict(case: Any, bench: Any, check: Callable[..., Any]) -> None:
    bench.control.switch(kahuna__account="no-permission")
    reason = check("unsent", "409")
    assert "permission" in reason["meaning"]


@pytest.mark.parametrize(
    ("code", "status"), [(404, "rejected"), (400, "rejected"), (403, "rejected"), (410, "rejected"), (-7, "rejected")]
)
def test_kahunas_codes_of_one_user(case: Any, bench: Any, code: int, status: str) -> None:
    bench.prepare(case, 3)
    bench.fault(case, {"code": code}, {"users": [case.key(1)]})
    rows = case.rows(3)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.codes == {(status, str(code))}
    assert pushed.at(status) == [1]


@pytest.mark.parametrize(("code", "status"), [(500, "unknown"), (503, "unknown"), (429, "unsent"), (408, "unknown")])
def test_kahunas_passing_codes_of_one_user_are_tried_again_for_that_user(
    case: Any, bench: Any, code: int, status: str
) -> None:
    bench.prepare(case, 3)
    bench.fault(case, {"code": code}, {"users": [case.key(1)], "times": 2})
    rows = case.rows(3)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": 3}
    assert [entry["rows"] for entry in bench.control.journal()] == [3, 1, 1]
    bench.control.clear_faults()
    bench.fault(case, {"code": code}, {"users": [case.key(1)]})
    assert bench.push(case, rows).at(status) == [1]


def test_an_error_without_a_code(case: Any, bench: Any) -> None:
    bench.prepare(case, 2)
    bench.fault(case, {"body": '[{"success": false}, {"success": false, "error_code": "404"}]'})
    pushed = bench.push(case, case.rows(2))
    assert pushed.report["rejected"] + pushed.report["unknown"] == 2


def test_one_unreadable_element_is_one_unknown_row(case: Any, bench: Any) -> None:
    bench.prepare(case, 4)
    body = '[{"success":true},{"success":"true"},null,{"success":false,"error_code":404,"error":"User not found"}]'
    bench.fault(case, {"body": body, "apply": "before"})
    rows = case.rows(4)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert (pushed.at("accepted"), pushed.at("unknown"), pushed.at("rejected")) == ([0], [1, 2], [3])


@pytest.mark.parametrize("success", ["1", "1.0"])
def test_a_success_that_is_not_true_is_unknown(case: Any, bench: Any, success: str) -> None:
    bench.prepare(case, 1)
    bench.fault(case, {"body": f'[{{"success": {success}}}]'})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts == {"unknown": 1}


@pytest.mark.only("set")
def test_a_credential_type_that_is_not_white_listed_stops_the_push(case: Any, bench: Any) -> None:
    """Kahuna refuses each request whole, and would refuse each row."""
    bench.prepare(case, 0)
    bench.control.switch(kahuna__credentials=["email"])
    rows = case.rows(400)
    pushed = bench.push(case, rows, concurrency=16)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"rejected": 400}
    assert pushed.codes == {("rejected", "400")}
    assert isinstance(pushed.error, RefusedConfiguration)
    assert "target" in str(pushed.error)
    assert pushed.requests < 560, "some 800 without"


@pytest.mark.only("set")
def test_a_credential_that_kahuna_does_not_know(case: Any, bench: Any) -> None:
    bench.prepare(case, 10)
    rows = [{**row, "color": "x" * 10} for row in case.rows(10)]
    bench.control.switch(kahuna__bad_value="request")
    rows[4]["color"] = "x"
    bench.fault(case, {"status": 400}, {"users": [case.key(4)]})
    pushed = bench.push(case, rows)
    assert pushed.at("rejected") == [4]
    assert pushed.report["accepted"] == 9


@pytest.mark.parametrize("form", ["array", "object", "empty"])
@pytest.mark.parametrize(("status", "outcome"), [(400, "rejected"), (401, "unsent"), (409, "unsent"), (500, "unknown")])
def test_the_form_of_an_error_body_makes_no_difference(
    case: Any, bench: Any, form: str, status: int, outcome: str
) -> None:
    bench.prepare(case, 2)
    bench.control.switch(kahuna__error_body=form)
    bench.fault(case, {"status": status})
    rows = case.rows(2)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {outcome: 2}
    assert pushed.codes == {(outcome, str(status))}

# SPDX-License-Identifier: Apache-2.0
"""Every documented code, sent by the sandbox: what it makes of the row, and what happens next.

The expectations are written from the vendors' pages, not from the package's tables: seeds 000 and 001 (EngageLab,
"Error Code"), 002 (Kahuna, "HTTP Response Codes", "Response Object"), and for MoEngage the error table of
https://www.moengage.com/docs/api/data/data-overview.
"""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

#: code -> the row's status; the push goes on unless it is unsent, which stops it for good.
ENGAGELAB = {
    40050: "unsent",
    50031: "unsent",
    50034: "unsent",
    50074: "unsent",
    40007: "rejected",
    55108: "rejected",
    55004: "rejected",
    55101: "rejected",
    55102: "rejected",
    55103: "rejected",
    55105: "rejected",
    55106: "rejected",
    55107: "rejected",
    55014: "rejected",
    -1: "unknown",
}

KAHUNA = {400: "rejected", 401: "unsent", 409: "unsent", 500: "unknown"}

#: type -> HTTP status, the row's status.
MOENGAGE = {
    "MissingAttributeError": (400, "rejected"),
    "ArrayFieldError": (400, "rejected"),
    "Missing header value": (400, "rejected"),
    "Empty request body": (400, "rejected"),
    "Malformed JSON": (400, "rejected"),
    # About the account or the connection, and the same for every row.
    "Blacklisted": (400, "unsent"),
    "InvalidParams": (400, "unsent"),
    "ParamsRequired": (400, "unsent"),
    "Authentication required": (401, "unsent"),
    "BlockedClient": (403, "unsent"),
    "Account Suspended": (403, "unsent"),
    "Account Temporarily Suspended": (403, "unsent"),
    "Authentication Mismatch": (409, "unsent"),
    "App Secret key not set": (409, "unsent"),
    "PayloadTooLarge": (413, "rejected"),
    "MediaTypeError": (415, "unsent"),
    "RateLimitError": (429, "unsent"),
    "ServerError": (500, "unknown"),
}

#: Statuses that pass: they are tried again, five times in all.
PASSING = {"-1", "500", "429"}


def check(case: Any, bench: Any, status: str, code: str) -> Any:
    """Push one row and check what became of it."""
    bench.prepare(case, 1)
    rows = case.rows(1)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.codes == {(status, code)}
    (reason,) = pushed.report["reasons"]
    assert reason["meaning"]
    assert reason["remedy"].endswith(".")
    tried = 5 if code in PASSING and (case.idempotent or status == "unsent") else 1
    assert len(bench.control.journal()) == tried
    stops = status == "unsent" and code not in PASSING
    assert isinstance(pushed.error, RefusedConfiguration) is stops
    if stops:
        assert code in str(pushed.error)
    return reason


@pytest.mark.operations("engagelab")
@pytest.mark.parametrize("http", [None, 200, 400, 500])
@pytest.mark.parametrize("code", ENGAGELAB)
def test_engagelabs_codes(case: Any, bench: Any, code: int, http: int | None) -> None:
    """The HTTP status is documented nowhere, so it makes no difference."""
    bench.control.fault("engagelab", {"code": code} if http is None else {"code": code, "status": http})
    check(case, bench, ENGAGELAB[code], str(code))


@pytest.mark.operations("engagelab")
def test_engagelabs_undocumented_code(case: Any, bench: Any) -> None:
    """Design: rejected or unknown, by a rule written down: "other values represent failure"."""
    bench.control.fault("engagelab", {"code": 99999})
    check(case, bench, "rejected", "99999")


@pytest.mark.operations("engagelab")
@pytest.mark.parametrize("message", ["partial success", "successful", "no success", "ok"])
def test_engagelabs_code_0_with_another_message(case: Any, bench: Any, message: str) -> None:
    bench.control.fault("engagelab", {"code": 0, "message": message})
    check(case, bench, "partial", "0")


@pytest.mark.operations("engagelab")
@pytest.mark.parametrize("http", [200, 202, 400, 403, 404, 500])
def test_engagelabs_code_0_is_a_success_under_200_alone(case: Any, bench: Any, http: int) -> None:
    """Under another status the body may be a cache's or a proxy's."""
    bench.prepare(case, 1)
    bench.control.fault("engagelab", {"status": http, "body": '{"code": 0, "message": "success"}', "apply": "before"})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts == ({"accepted": 1} if http == 200 else {"unknown": 1})


@pytest.mark.operations("engagelab")
@pytest.mark.parametrize("body", ['{"code": 0}', '{"code": 0, "message": null}', '{"code": 0, "message": ""}'])
def test_engagelabs_code_0_without_a_message_is_no_success(case: Any, bench: Any, body: str) -> None:
    bench.prepare(case, 1)
    bench.control.fault("engagelab", {"body": body, "apply": "before"})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts in ({"partial": 1}, {"unknown": 1})


@pytest.mark.operations("kahuna")
@pytest.mark.parametrize("status", KAHUNA)
def test_kahunas_statuses(case: Any, bench: Any, status: int) -> None:
    bench.control.fault("kahuna", {"status": status})
    check(case, bench, KAHUNA[status], str(status))


@pytest.mark.operations("kahuna")
def test_kahunas_409_is_a_permission_and_no_conflict(case: Any, bench: Any) -> None:
    bench.control.switch(kahuna__account="no-permission")
    reason = check(case, bench, "unsent", "409")
    assert "permission" in reason["meaning"]


@pytest.mark.operations("kahuna")
@pytest.mark.parametrize(
    ("code", "status"), [(404, "rejected"), (400, "rejected"), (403, "rejected"), (410, "rejected"), (-7, "rejected")]
)
def test_kahunas_codes_of_one_user(case: Any, bench: Any, code: int, status: str) -> None:
    bench.prepare(case, 3)
    bench.control.fault("kahuna", {"code": code}, {"users": [case.key(1)]})
    rows = case.rows(3)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.codes == {(status, str(code))}
    assert pushed.at(status) == [1]


@pytest.mark.operations("kahuna")
@pytest.mark.parametrize(("code", "status"), [(500, "unknown"), (503, "unknown"), (429, "unsent"), (408, "unknown")])
def test_kahunas_passing_codes_of_one_user_are_tried_again_for_that_user(
    case: Any, bench: Any, code: int, status: str
) -> None:
    bench.prepare(case, 3)
    bench.control.fault("kahuna", {"code": code}, {"users": [case.key(1)], "times": 2})
    rows = case.rows(3)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": 3}
    assert [entry["rows"] for entry in bench.control.journal()] == [3, 1, 1]
    bench.control.clear_faults()
    bench.control.fault("kahuna", {"code": code}, {"users": [case.key(1)]})
    assert bench.push(case, rows).at(status) == [1]


@pytest.mark.operations("kahuna")
def test_an_error_without_a_code(case: Any, bench: Any) -> None:
    bench.prepare(case, 2)
    bench.control.fault("kahuna", {"body": '[{"success": false}, {"success": false, "error_code": "404"}]'})
    pushed = bench.push(case, case.rows(2))
    assert pushed.report["rejected"] + pushed.report["unknown"] == 2


@pytest.mark.operations("moengage")
@pytest.mark.parametrize("kind", MOENGAGE)
def test_moengages_errors(case: Any, bench: Any, kind: str) -> None:
    bench.control.fault("moengage", {"code": kind})
    http, status = MOENGAGE[kind]
    check(case, bench, status, str(http))


@pytest.mark.operations("moengage")
@pytest.mark.parametrize("kind", ["Something new", "ServerError", "RateLimitError"])
@pytest.mark.parametrize("http", sorted({http for http, _ in MOENGAGE.values()}))
def test_moengages_status_decides_whatever_the_type(case: Any, bench: Any, http: int, kind: str) -> None:
    """The types differ between MoEngage's own pages."""
    bench.control.fault("moengage", {"code": kind, "status": http})
    (status,) = {status for known, status in MOENGAGE.values() if known == http and (http, status) != (400, "unsent")}
    check(case, bench, status, str(http))


@pytest.mark.operations("moengage")
@pytest.mark.parametrize("kind", ["Blacklisted", "InvalidParams", "ParamsRequired"])
def test_moengages_words_on_the_account_stop_the_push_at_the_first_answer(case: Any, bench: Any, kind: str) -> None:
    bench.control.fault("moengage", {"code": kind})
    rows = case.rows(300)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"unsent": 300}
    assert len(bench.control.journal()) <= 2
    assert isinstance(pushed.error, RefusedConfiguration)
    assert "mend" not in str(pushed.error).lower()


@pytest.mark.parametrize(
    ("http", "status"),
    [
        (403, "unsent"),
        (404, "unsent"),
        (405, "unsent"),
        (408, "unknown"),
        (418, "rejected"),
        (423, "unsent"),
        (425, "unsent"),
        (429, "unsent"),
        (501, "unknown"),
        (502, "unknown"),
        (503, "unknown"),
        (504, "unknown"),
        (599, "unknown"),
        (201, "unknown"),
        (202, "unknown"),
        (204, "unknown"),
    ],
)
def test_statuses_that_no_page_has(case: Any, bench: Any, http: int, status: str) -> None:
    bench.prepare(case, 1)
    bench.control.fault(case.vendor, {"status": http, "body": "<html>"})
    rows = case.rows(1)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {status: 1}

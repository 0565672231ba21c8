# SPDX-License-Identifier: Apache-2.0
"""MoEngage with bulk=True: full requests, one element a customer, and a true verdict on each row of a refused one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

pytestmark = pytest.mark.only("moengage-set")

LIMIT = 100_000


@pytest.fixture
def push(case: Any, bench: Any) -> Callable[..., Any]:
    """Push rows in bulk, and judge."""

    def push(rows: list[dict[str, Any]], *, judged: bool = True, **options: Any) -> Any:
        bench.control.switch(history=True)
        pushed = bench.push(case, rows, parameters={"bulk": True}, **options)
        if judged:
            bench.judge(case, rows, pushed)
        assert all(entry["bytes"] <= LIMIT for entry in bench.control.journal()), "over 100,000 bytes"
        return pushed

    return push


def refuse(bench: Any, users: list[str], *, applied: bool = False, kind: str = "MissingAttributeError") -> None:
    """Have requests refused that name one of these users, whether or not their elements are applied."""
    then = {"code": kind, "apply": "before"} if applied else {"code": kind}
    bench.control.fault("moengage", then, {"users": users, "times": None})


@pytest.mark.parametrize(
    "letter", ["x", "\u00e9", "\U0001f994", '"'], ids=["ascii", "two bytes", "four bytes", "escaped"]
)
def test_requests_are_full_to_95_percent_and_never_over(bench: Any, push: Any, letter: str) -> None:
    rows = [{"customer_id": f"u{number}", "bio": letter * (number % 400 + 1)} for number in range(2_000)]
    pushed = push(rows, judged=False, concurrency=1)
    assert pushed.counts == {"accepted": 2_000}
    *full, last = bench.control.journal()
    assert {entry["path"] for entry in (*full, last)} == {"/moengage/v1/transition/<APP_ID>"}
    assert sum(entry["rows"] for entry in (*full, last)) == 2_000
    assert len(full) > 3
    assert min(entry["bytes"] for entry in full) >= 0.95 * LIMIT
    assert pushed.report["bytes"] == sum(entry["bytes"] for entry in (*full, last))


def test_the_cap_counts_users(bench: Any, push: Any) -> None:
    rows = [{"customer_id": f"u{number}", "bio": "x" * 100} for number in range(4_000)]
    pushed = push(rows, judged=False, concurrency=1)
    last = bench.control.journal()[-1]["rows"]
    assert pushed.waited == pytest.approx((4_000 - last) / 1_000, abs=0.3), "60,000 a minute, and the first at once"


@pytest.mark.parametrize("applied", [False, True], ids=["none applied", "others applied"])
@pytest.mark.parametrize("guilty", [[], [0], [7], [299], [3, 4, 150, 280]], ids=str)
def test_the_guilty_rows_of_a_refused_request_are_found(
    case: Any, bench: Any, push: Any, guilty: list[int], applied: bool
) -> None:
    if guilty:
        refuse(bench, [case.key(user) for user in guilty], applied=applied)
    pushed = push(case.rows(300))
    assert pushed.at("rejected") == guilty
    assert len(pushed.at("accepted")) == 300 - len(guilty)
    assert pushed.requests <= 1 + 2 * 9 * len(guilty)
    assert pushed.codes == ({("rejected", "400")} if guilty else set())


def test_malformed_elements_under_200_are_queued_as_far_as_anybody_can_tell(case: Any, bench: Any, push: Any) -> None:
    bench.control.switch(moengage__bulk="200")
    assert push(case.rows(50)).counts == {"accepted": 50}


@pytest.mark.parametrize("order", ["kept", "reversed"])
def test_one_element_a_customer_and_request_and_the_rows_in_order(case: Any, bench: Any, push: Any, order: str) -> None:
    bench.control.switch(moengage__bulk_order=order)
    rows = [case.row(user, 6 * turn + user) for turn in range(5) for user in (0, 1, 1, 2, 3, 0)]
    rows = [{**row, "color": f"value{position}"} for position, row in enumerate(rows)]
    pushed = push(rows)
    assert pushed.counts == {"accepted": 30}
    for user in range(4):
        expected = [row["color"] for row in rows if row["customer_id"] == case.key(user)]
        assert bench.history(case, user) == expected
    assert pushed.requests == 10, "two rows of one customer in each turn of the others"


def test_many_rows_of_one_customer_among_others(case: Any, bench: Any, push: Any) -> None:
    rows = [case.row(0 if position % 2 else position, position) for position in range(200)]
    assert push(rows).counts == {"accepted": 200}
    history = bench.history(case, 0)
    assert history == [f"value{position}" for position in range(200) if position % 2 or not position]


def test_a_refused_request_with_later_rows_of_its_customers_behind_it(case: Any, bench: Any, push: Any) -> None:
    refuse(bench, [case.key(2)], applied=True)
    rows = [case.row(user, 10 * turn + user) for turn in range(3) for user in range(10)]
    pushed = push(rows)
    assert pushed.at("rejected") == [2, 12, 22]


def test_a_customer_over_100_kb_alone_is_not_sent_and_the_rest_is(bench: Any, push: Any) -> None:
    huge = {"customer_id": "huge", **{f"a{number}": "x" * 512 for number in range(200)}}
    good = [{"customer_id": f"u{number}", "a0": "x"} for number in range(10)]
    pushed = push([*good[:5], huge, *good[5:]], judged=False)
    assert pushed.counts == {"accepted": 10, "invalid": 1}
    assert pushed.codes == {("invalid", "request-too-large")}
    assert len(bench.control.journal()) == 1


@pytest.mark.parametrize("times", [1, 3])
def test_413_is_sent_in_halves(case: Any, bench: Any, push: Any, times: int) -> None:
    bench.fault(case, {"status": 413}, {"next": times})
    assert push(case.rows(100)).counts == {"accepted": 100}


def test_413_for_one_customer_is_that_row_s_own(case: Any, bench: Any, push: Any) -> None:
    refuse(bench, [case.key(5)], kind="PayloadTooLarge")
    pushed = push(case.rows(20))
    assert (pushed.at("rejected"), pushed.codes) == ([5], {("rejected", "413")})


@pytest.mark.parametrize("kind", ["Blacklisted", "BlockedClient", "Authentication required"])
def test_an_account_in_trouble_is_not_asked_about_each_row(case: Any, bench: Any, push: Any, kind: str) -> None:
    bench.fault(case, {"code": kind})
    pushed = push(case.rows(300), concurrency=1)
    assert isinstance(pushed.error, RefusedConfiguration)
    assert (pushed.counts, pushed.requests) == ({"unsent": 300}, 1)


def test_a_vendor_that_refuses_every_row_is_not_asked_about_each(bench: Any, case: Any, push: Any) -> None:
    bench.fault(case, {"status": 406})
    rows = [{"customer_id": f"u{number}", "bio": "x" * 150} for number in range(3_000)]
    pushed = push(rows, judged=False, concurrency=2)
    assert isinstance(pushed.error, RefusedConfiguration)
    assert "IP address" in str(pushed.error), "an API firewall answers so"
    assert pushed.requests < 2_500
    assert not pushed.at("accepted")


def test_success_with_an_error_beside_it_is_unknown_and_not_sent_again(case: Any, bench: Any, push: Any) -> None:
    body = '{"status": "success", "request_id": "q1", "error": {"message": "2 elements were skipped"}}'
    bench.fault(case, {"body": body, "apply": "before"}, {"next": 1})
    pushed = push(case.rows(40))
    assert (pushed.counts, pushed.codes) == ({"unknown": 40}, {("unknown", "200-error")})
    assert {verdict.detail for verdict in pushed.verdicts.values()} == {"2 elements were skipped (request_id q1)"}
    assert pushed.requests == 1


@pytest.mark.parametrize("body", ["", "{", '{"status": "succ', "[]", "<html>"], ids=ascii)
def test_a_cut_response_leaves_the_whole_request_unknown(case: Any, bench: Any, push: Any, body: str) -> None:
    bench.fault(case, {"body": body, "apply": "before"}, {"next": 1})
    assert push(case.rows(40)).counts == {"unknown": 40}


def test_429_and_no_response_are_sent_again_whole(case: Any, bench: Any, push: Any) -> None:
    bench.fault(case, {"status": 429, "headers": {"x-ratelimit-reset": "20"}}, {"next": 1})
    bench.fault(case, {"close": True, "apply": "before"}, {"next": 1})
    pushed = push(case.rows(40), concurrency=1)
    assert pushed.counts == {"accepted": 40}
    assert pushed.report["retries"] == 2
    assert pushed.waited >= 20


def test_a_doubtful_refusal_then_no_connection_is_unknown_and_not_unsent(case: Any, bench: Any, push: Any) -> None:
    """The halves of a request that may have been applied are in doubt until the vendor says more of them."""
    bench.fault(case, {"code": "MissingAttributeError", "apply": "before"}, {"next": 1})
    bench.fault(case, {"status": 429})
    pushed = push(case.rows(10), concurrency=1)
    assert pushed.counts == {"unknown": 10}

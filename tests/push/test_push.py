# SPDX-License-Identifier: Apache-2.0
"""The front door: a plan, rows and a function that sends go in, the report comes out; without Airflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push import Push, PushPlan
from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.errors import RetryLater, TooManyFailed
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.push.resume.snapshot import report_so_far

PRINT = Fingerprint("rows", "settings")
AWAY = RetryLater("told to go")


@pytest.fixture
def rows(update: Callable[..., UserUpdate]) -> Callable[[int], list[UserUpdate]]:
    return lambda count: [update(position) for position in range(count)]


class Kept:
    """A store in memory, which keeps what a real one would: JSON."""

    def __init__(self) -> None:
        self.state: dict[str, Any] | None = None

    def read(self) -> dict[str, Any] | None:
        return self.state

    def write(self, state: dict[str, Any]) -> None:
        self.state = json.loads(json.dumps(state))

    def delete(self) -> None:
        self.state = None


class Written:
    """Rejects in memory."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def write(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes += outcomes

    def settle(self, *, now: bool) -> bool:
        return True


class Vendor:
    """Answer a request with one word for each user; keep the positions of its rows."""

    def __init__(self, judge: Any) -> None:
        self.judge = judge if callable(judge) else lambda positions: judge
        self.requests: list[list[int]] = []

    def __call__(self, body: bytes, *, before_send: Any = None) -> Response:
        positions = [position for position, _ in json.loads(body)]
        self.requests.append(positions)
        return Response(200, {}, json.dumps([self.judge(positions)] * len(positions)).encode())


def test_three_lines_are_enough(rows: Any, clock: Any) -> None:
    report = Push(PushPlan(operation(10))).run(rows(25), Vendor("ok"))
    assert (report["rows"], report["accepted"], report["requests"]) == (25, 25, 3)
    assert (report["vendor"], report["operation"], report["warning"]) == ("Vendor", "set attributes", None)
    assert (report["tries"], report["resumed_from"], report["failure"]) == ([0], None, None)


def test_the_report_has_the_failure(rows: Any, clock: Any) -> None:
    push = Push(PushPlan(operation(), max_failed=1, clock=clock))
    report = push.run(rows(4), Vendor(lambda positions: "no" if positions[0] else "ok"))
    assert isinstance(push.error, TooManyFailed)
    assert (
        report["failure"]
        == str(push.error)
        == (
            "3 of 4 users failed at Vendor; max_failed allows 1 row (1.0 would be all rows): 3 x User not found (404). "
            "Check"
        )
    )


def test_a_dry_run_needs_nothing_that_sends(rows: Any, clock: Any) -> None:
    began = clock.monotonic()
    report = Push(PushPlan(operation(max_rate=1.0), dry_run=True, clock=clock)).run(rows(50))
    assert clock.monotonic() == began, "a dry run keeps no pace"
    assert (report["skipped"], report["dry_run"], report["reasons"][0]["code"]) == (50, True, "dry-run")
    with pytest.raises(ValueError, match="send is missing"):
        Push(PushPlan(operation())).run(rows(1))


def test_the_documented_cap_is_kept_unless_another_is_given(rows: Any, fake_clock: Any) -> None:
    seconds = []
    for rate in (None, 2.0):
        clock = fake_clock()
        began = clock.monotonic()
        Push(PushPlan(operation(max_rate=5.0), rate=rate, concurrency=1, clock=clock)).run(rows(21), Vendor("ok"))
        seconds.append(clock.monotonic() - began)
    assert seconds == pytest.approx([4.0, 10.0], abs=0.5)


def test_on_verdicts_gets_rows_and_verdicts(rows: Any, clock: Any) -> None:
    rejects = Written()
    result: dict[int, Status] = {}
    account: list[Account] = []
    plan = PushPlan(
        operation(),
        rejects=rejects,
        details=Details(rejects_path="/rejects.jsonl", of=4, destination="vendor://x/users"),
        on_verdicts=(
            lambda rows, verdicts: result.update(
                {row.position: verdict.status for row, verdict in zip(rows, verdicts, strict=True)}
            ),
        ),
        on_progress=account.append,
        clock=clock,
    )

    def judge(positions: list[int]) -> str:
        clock.advance(1)
        return "no" if positions == [2] else "ok"

    report = Push(plan).run(rows(4), Vendor(judge))
    assert result == {0: Status.ACCEPTED, 1: Status.ACCEPTED, 2: Status.REJECTED, 3: Status.ACCEPTED}
    assert [outcome.position for outcome in rejects.outcomes] == [2]
    assert (report["rejects_path"], report["of"], report["destination"]) == ("/rejects.jsonl", 4, "vendor://x/users")
    assert account
    assert account[-1].as_dict()["rows"] == 4


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_later_push_resumes_where_one_was_interrupted(rows: Any, clock: Any, idempotent: bool) -> None:
    store = Kept()
    target = operation(idempotent=idempotent)
    first = Push(PushPlan(target, store=store, checkpoint=Checkpoint(PRINT).begin(), concurrency=1, clock=clock))

    def judge(positions: list[int]) -> str:
        if positions == [30]:
            first.interrupt(AWAY)
        return "ok"

    report = first.run(rows(50), Vendor(judge))
    assert first.error is AWAY
    assert report["failure"] == f"told to go; stopped at row {report['stopped_at']}; the rows after it are not counted"
    done = report["accepted"]
    assert 31 <= done < 50
    assert store.state is not None
    assert report_so_far(store.state)["accepted"] == done

    checkpoint = Checkpoint.from_dict(store.state).begin()
    second = Push(PushPlan(target, store=store, checkpoint=checkpoint, clock=clock))
    to = Vendor("ok")
    report = second.run(rows(50), to)
    assert second.error is None
    assert (report["accepted"], report["resumed_from"], report["tries"]) == (50, done, [0, done])
    assert sorted(position for positions in to.requests for position in positions) == list(range(done, 50))
    assert report["requests"] == 50
    if idempotent:
        assert store.state is None
    else:
        assert store.state["complete"], "what must not be done twice keeps a note that it is done"


def test_it_resumes_from_a_cursor_of_the_source(rows: Any, clock: Any) -> None:
    def source(of: list[Any]) -> Iterator[Any]:
        for row in of:
            if row.position % 10 == 0:
                yield Cursor(row.position)
            yield row

    store = Kept()
    push = Push(PushPlan(operation(), store=store, checkpoint=Checkpoint(PRINT).begin(), concurrency=1, clock=clock))

    def judge(positions: list[int]) -> str:
        if positions == [24]:
            push.interrupt(AWAY)
        return "ok"

    push.run(source(rows(50)), Vendor(judge))
    assert store.state is not None
    checkpoint = Checkpoint.from_dict(store.state).begin()
    assert checkpoint.after == 20
    report = Push(PushPlan(operation(), checkpoint=checkpoint, clock=clock)).run(source(rows(50)[20:]), Vendor("ok"))
    assert report["accepted"] == 50


def test_what_ends_the_process_ends_the_push_first(rows: Any, clock: Any) -> None:
    def source() -> Iterator[Any]:
        yield from rows(3)
        raise KeyboardInterrupt

    store = Kept()
    push = Push(PushPlan(operation(), store=store, checkpoint=Checkpoint(PRINT).begin(), clock=clock))
    with pytest.raises(KeyboardInterrupt):
        push.run(source(), Vendor("ok"))
    assert isinstance(push.error, KeyboardInterrupt)
    assert store.state is not None


def test_a_push_that_never_began_gives_an_account_too() -> None:
    push = Push(PushPlan(operation(), details=Details(of=9)))
    report = push.close(ZeroDivisionError("the rows are Ada's"))
    assert isinstance(push.error, ZeroDivisionError)
    assert (report["rows"], report["of"], report["stopped"]) == (0, 9, True)
    assert report["failure"] == "ZeroDivisionError: the log says more"


@pytest.mark.parametrize(("tries", "is_said"), [((0,), True), ((0, 0), True), ((0, 3), False)])
def test_missing_columns_are_remarked_on_if_all_rows_were_read(
    rows: Any, tries: tuple[int, ...], is_said: bool
) -> None:
    """Those that an earlier try finished may have had them."""
    checkpoint = Checkpoint(below=tries[-1], tries=tries)
    push = Push(PushPlan(operation(10), checkpoint=checkpoint))
    push.deliver(rows(5), Vendor("ok"))
    assert push.close(remark="attributes names the column 'x'")["warning"] == (
        "attributes names the column 'x'" if is_said else None
    )

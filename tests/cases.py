# SPDX-License-Identifier: Apache-2.0
"""Every operation of every vendor as one kind of case, and the judge who compares verdicts with what is held.

A case pushes through the operator's own mapper and operation, the hook's own requests and the delivery, over real
HTTP; nothing is faked but the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vendor_cases import VENDOR_CASES, VendorCase

from airflow_provider_userattrs.push import Push, PushPlan

STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")

#: As many values as any case has rows; they are told apart in what the sandbox holds.
VALUES = [f"value{number}" for number in range(400)]


def good(count: int, first: int = 1) -> list[dict[str, Any]]:
    """Give so many rows that nothing is wrong with, for EngageLab."""
    return [{"euid": number, "a": number} for number in range(first, first + count)]


#: Operation -> the column whose value is followed to the vendor, and how a row of it is written.
_COLUMNS: dict[str, tuple[str, Callable[[int], Any], dict[str, Any]]] = {
    "set": ("color", lambda value: VALUES[value], {"extra": "x"}),
    "contacts": ("email", lambda value: VALUES[value], {"mobile_phone": "1"}),
    "increase": ("points", lambda value: value + 1, {"extra": 1}),
    "add": ("tags", lambda value: [VALUES[value]], {"extra": ["x"]}),
    "remove": ("tags", lambda value: [VALUES[value]], {"extra": ["x"]}),
}


@dataclass(frozen=True)
class Case:
    """One operation of one vendor. A row asks to do something with ``value`` to the user with this number."""

    vendor: VendorCase
    operation: str

    @property
    def name(self) -> str:
        return f"{self.vendor.name}-{self.operation}"

    @property
    def operator(self) -> Any:
        return self.vendor.operations[self.operation][0]

    @property
    def parameters(self) -> dict[str, Any]:
        return self.vendor.operations[self.operation][1]

    @property
    def batch(self) -> int:
        """Users in a request."""
        return self.vendor.batch

    @property
    def idempotent(self) -> bool:
        return self.operation not in self.vendor.once

    @property
    def overwrites(self) -> bool:
        """Return whether the last update of a user decides what is held."""
        return self.operation in ("set", "contacts")

    @property
    def column(self) -> str:
        """The column whose value is followed to the vendor."""
        return _COLUMNS[self.operation][0]

    @property
    def tags(self) -> set[str]:
        """What a test may ask for by its ``only`` marker."""
        vendor = self.vendor
        traits = {
            "many a request": vendor.batch > 1,
            "partial": vendor.partial is not None,
            "known users": vendor.unknown_user is not None,
            "text keys": vendor.has_text_keys,
        }
        return {vendor.name, self.operation, self.name, *(trait for trait, has in traits.items() if has)}

    def key(self, user: int) -> Any:
        """Name a user as the sandbox does."""
        return self.vendor.key(user)

    def row(self, user: int, value: int = 0) -> dict[str, Any]:
        names = self.vendor.names(user, value)
        if self.operation not in _COLUMNS:
            return names
        column, write, more = _COLUMNS[self.operation]
        return {**names, column: write(value), **more}

    def rows(self, count: int) -> list[dict[str, Any]]:
        """Give one row each for so many users."""
        return [self.row(user, user) for user in range(count)]


CASES = [Case(vendor, operation) for vendor in VENDOR_CASES.values() for operation in vendor.operations]
CASE = {case.name: case for case in CASES}


@dataclass
class Pushed:
    """What a push said of every row."""

    report: Any
    verdicts: dict[int, Any]
    error: Exception | None
    requests: int
    waited: float

    @property
    def counts(self) -> dict[str, int]:
        return {status: self.report[status] for status in STATUSES if self.report[status]}

    def at(self, status: str) -> list[int]:
        """Give the positions of the rows that ended so."""
        return [position for position, verdict in sorted(self.verdicts.items()) if str(verdict.status) == status]

    @property
    def codes(self) -> set[tuple[str, str]]:
        return {(reason["status"], reason["code"]) for reason in self.report["reasons"]}


class Bench:
    """Push a case's rows to the sandbox, and judge."""

    def __init__(self, sandbox: Any, control: Any, connect: Callable[..., None], clock: Callable[[], Any]) -> None:
        self.world = sandbox.world
        self.control = control
        self.connect = connect
        self.clock = clock

    def prepare(self, case: Case, users: int) -> None:
        """Have the vendor know so many users, who hold what can be removed or unset."""
        vendor = case.vendor
        self.control.seed(vendor.name, vendor.seeds(map(case.key, range(users))))
        stored: dict[str, Any] = {"gone": 1, "gone_too": 2, "kept": 3}
        if case.operation == "remove":
            stored |= {"tags": VALUES, "extra": ["x"]}
        vendor.give(self.world.vendors[vendor.name], stored)

    def fault(self, case: Case, then: dict[str, Any], when: Any = None) -> None:
        """Have something go wrong at the case's vendor."""
        self.control.fault(case.vendor.name, then, when)

    def user(self, case: Case, user: int) -> Any:
        """Give a user as the sandbox shows it, or None."""
        return self.control.user(case.vendor.name, case.key(user))

    def push(
        self,
        case: Case,
        rows: Iterable[dict[str, Any]],
        *,
        concurrency: int = 4,
        parameters: Mapping[str, Any] = MappingProxyType({}),
        **fields: Any,
    ) -> Pushed:
        """Push rows as the operator does.

        :param parameters: the operator's, besides those of the case.
        """
        self.connect(case.vendor.name, **fields)
        operator = case.operator(task_id="push", users=list(rows), **case.parameters, **parameters)
        clock = self.clock()
        verdicts: dict[int, Any] = {}

        def note(rows: Any, given: Any) -> None:
            for row, verdict in zip(rows, given, strict=True):
                assert row.position not in verdicts, "two verdicts on one row"
                verdicts[row.position] = verdict

        plan = PushPlan(
            operator.make_operation(),
            operator.make_mapper(getattr(operator, operator.columns_field)),
            concurrency=concurrency,
            duplicates=operator.duplicates,
            on_verdicts=(note,),
            clock=clock,
        )
        push = Push(plan)
        started = clock.monotonic()
        with closing(operator.make_hook()) as hook:
            stopped = push.deliver(operator.users.rows(), hook.sender(plan.operation))
        result = push.close(stopped)
        return Pushed(result, verdicts, stopped, result["requests"], clock.monotonic() - started)

    def stored(self, case: Case, user: int) -> dict[str, Any]:
        """Give what the sandbox holds of a user."""
        return case.vendor.values(self.user(case, user) or {}, case.operation)

    def history(self, case: Case, user: int) -> list[Any]:
        """Give the values that were applied to a user, in their order."""
        changes = (self.user(case, user) or {}).get("history", [])
        values = [case.vendor.values(change, case.operation).get(case.column) for change in changes]
        return [value[0] if isinstance(value, list) else value for value in values]

    def judge(self, case: Case, rows: list[dict[str, Any]], pushed: Pushed, *, once: bool = True) -> None:
        """Compare every verdict with what the sandbox holds.

        :param once: whether no row was sent again by another try of the task.
        """
        report = pushed.report
        assert report["rows"] == len(rows)
        assert sum(report[status] for status in STATUSES) == len(rows)
        assert sorted(pushed.verdicts) == list(range(len(rows)))
        assert sum(reason["count"] for reason in report["reasons"]) == len(rows) - report["accepted"]
        for reason in report["reasons"]:
            assert reason["meaning"]
            assert reason["remedy"]
        for user in range(400):
            positions = [position for position, row in enumerate(rows) if case.vendor.key_in(row) == case.key(user)]
            if not positions:
                break
            self._judge_user(case, user, positions, rows, pushed, once)

    def _judge_user(
        self,
        case: Case,
        user: int,
        positions: list[int],
        rows: list[dict[str, Any]],
        pushed: Pushed,
        once: bool,
    ) -> None:
        status = {position: str(pushed.verdicts[position].status) for position in positions}
        accepted = [position for position in positions if status[position] == "accepted"]
        doubtful = [position for position in positions if status[position] in ("unknown", "partial", "rejected")]
        stored = self.stored(case, user)
        if case.operation == "unset":
            if accepted:
                assert not {"gone", "gone_too"} & set(stored), "accepted, and still there"
            elif not doubtful and stored:
                assert {"gone", "gone_too", "kept"} <= set(stored), "removed without a verdict that says so"
            return
        column = case.column
        values = {position: rows[position][column] for position in positions}
        if case.operation == "increase":
            points = stored.get("points", 0)
            sure = sum(values[position] for position in accepted)
            maybe = sum(values[position] for position in doubtful)
            assert sure <= points <= sure + maybe, "increased twice, or accepted and not increased"
            if not doubtful:
                assert points == sure
            return
        if case.operation == "add":
            tags = stored.get("tags", [])
            assert all(values[position][0] in tags for position in accepted), "accepted, and not there"
            if not case.idempotent:
                assert len(tags) == len(set(tags)), "added twice"
        elif case.operation == "remove":
            tags = stored.get("tags", [])
            assert not any(values[position][0] in tags for position in accepted), "accepted, and still there"
        elif accepted:
            later = [values[position] for position in doubtful if position > accepted[-1]]
            assert stored[column] in [values[accepted[-1]], *later], "not the value of the last accepted row"
        if not once:
            return
        applied = self.history(case, user)
        texts = {position: value[0] if isinstance(value, list) else value for position, value in values.items()}
        for position in positions:
            if status[position] in ("unsent", "invalid", "skipped"):
                assert texts[position] not in applied, f"{status[position]}, and applied all the same"
        places = [next(p for p in positions if texts[p] == value) for value in applied]
        assert places == sorted(places), "updates of one user applied out of their order"

# SPDX-License-Identifier: Apache-2.0
"""The ten operations as one kind of case, and the judge who compares verdicts with what the sandbox holds.

A case pushes through the operator's own mapper and operation, the hook's own requests and the delivery, over real
HTTP; nothing is faked but the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator
from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)
from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.report.recorder import Recorder
from airflow_provider_userattrs.push.report.report import Report

STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")

#: As many values as any case has rows; they are told apart in what the sandbox holds.
VALUES = [f"value{number}" for number in range(400)]


def good(count: int, first: int = 1) -> list[dict[str, Any]]:
    """Give so many rows that nothing is wrong with, for EngageLab."""
    return [{"euid": number, "a": number} for number in range(first, first + count)]


@dataclass(frozen=True)
class Case:
    """One operation of one vendor. A row asks to do something with ``value`` to the user with this number."""

    name: str
    operator: type
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def vendor(self) -> str:
        return self.name.partition("-")[0]

    @property
    def operation(self) -> str:
        return self.name.partition("-")[2]

    @property
    def batch(self) -> int:
        """Users in a request."""
        return 100 if self.vendor == "kahuna" else 1

    @property
    def idempotent(self) -> bool:
        return self.operation != "increase"

    @property
    def overwrites(self) -> bool:
        """Tell whether the last update of a user decides what is held."""
        return self.operation in ("set", "contacts")

    def key(self, user: int) -> Any:
        """Name a user as the sandbox does."""
        return {"engagelab": 1000 + user, "kahuna": f"user{user}", "moengage": f"customer{user}"}[self.vendor]

    def row(self, user: int, value: int = 0) -> dict[str, Any]:
        column = {"engagelab": "euid", "kahuna": "username", "moengage": "customer_id"}[self.vendor]
        values: dict[str, Any] = {
            "set": {"color": VALUES[value], "extra": "x"},
            "contacts": {"email": VALUES[value], "mobile_phone": "1"},
            "increase": {"points": value + 1, "extra": 1},
            "add": {"tags": [VALUES[value]], "extra": ["x"]},
            "remove": {"tags": [VALUES[value]], "extra": ["x"]},
            "unset": {},
        }
        return {column: self.key(user), **values[self.operation]}

    def rows(self, count: int) -> list[dict[str, Any]]:
        """Give one row each for so many users."""
        return [self.row(user, user) for user in range(count)]


CASES = [
    Case("engagelab-set", EngageLabSetAttributesOperator),
    Case("engagelab-increase", EngageLabSetAttributesOperator, {"operation": "increase"}),
    Case("engagelab-add", EngageLabSetAttributesOperator, {"operation": "add"}),
    Case("engagelab-remove", EngageLabSetAttributesOperator, {"operation": "remove"}),
    Case("engagelab-contacts", EngageLabSetContactsOperator),
    Case("engagelab-unset", EngageLabUnsetAttributesOperator, {"attributes": ["gone", "gone_too"]}),
    Case("kahuna-set", KahunaSetAttributesOperator, {"target": ["username"]}),
    Case("kahuna-unset", KahunaUnsetAttributesOperator, {"target": ["username"], "attributes": ["gone", "gone_too"]}),
    Case("moengage-set", MoEngageSetAttributesOperator),
    Case("moengage-unset", MoEngageUnsetAttributesOperator, {"attributes": ["gone", "gone_too"]}),
]


@dataclass
class Pushed:
    """What a push said of every row."""

    report: dict[str, Any]
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
        numbers = range(users)
        if case.vendor == "engagelab":
            self.control.seed("engagelab", [case.key(user) for user in numbers])
            for user in self.world.engagelab.users.by_euid.values():
                user.properties.update(gone=1, gone_too=2, kept=3)
                if case.operation == "remove":
                    user.properties.update(tags=list(VALUES), extra=["x"])
        elif case.vendor == "kahuna":
            self.control.seed("kahuna", [{"username": case.key(user)} for user in numbers])
            for user in self.world.kahuna.users["p"].by_key.values():
                user.attributes.update(gone=1, gone_too=2, kept=3)
        else:
            self.control.seed("moengage", [case.key(user) for user in numbers])
            for user in self.world.moengage.users.by_id.values():
                user.attributes.update(gone=1, gone_too=2, kept=3)

    def push(
        self,
        case: Case,
        rows: Iterable[dict[str, Any]],
        *,
        concurrency: int = 4,
        timeout: Any = None,
        **fields: Any,
    ) -> Pushed:
        """Push rows as the operator does."""
        if timeout is not None:
            fields["extra"] = {"timeout": timeout}
        self.connect(case.vendor, **fields)
        operator: Any = case.operator(task_id="push", users=list(rows), **case.parameters)  # type: ignore[call-arg]
        operation = operator.make_operation()
        mapper = operator.make_mapper(getattr(operator, operator.columns_field))
        report = Report(operation.vendor, operation.name, operation.accepted_means)
        clock = self.clock()
        started = clock.monotonic()
        recorder = Recorder(report, progress=lambda: None, clock=clock)
        verdicts: dict[int, Any] = {}

        def record(recorded: Any, given: Any) -> None:
            for update, verdict in zip(recorded, given, strict=True):
                assert update.position not in verdicts, "two verdicts on one row"
                verdicts[update.position] = verdict
            recorder.record(recorded, given)

        with closing(operator.make_hook()) as hook:
            delivery = Delivery(
                operation,
                hook.sender(operation),
                record,
                rate=operation.max_rate,
                concurrency=concurrency,
                clock=clock,
            )
            error = delivery.run(mapper(position, row) for position, row in enumerate(operator.users))
        told = report.as_dict(mapper.notes, requests=delivery.requests, retries=delivery.retries)
        return Pushed(told, verdicts, error, delivery.requests, clock.monotonic() - started)

    def held(self, case: Case, user: int) -> dict[str, Any]:
        """Give what the sandbox holds of a user."""
        found = self.control.user(case.vendor, case.key(user))
        if found is None:
            return {}
        if case.operation == "contacts":
            contacts: dict[str, Any] = found["contacts"]
            return contacts
        values: dict[str, Any] = found.get("properties", found.get("attributes"))
        return values

    def history(self, case: Case, user: int) -> list[Any]:
        """Give the values that were applied to a user, in their order."""
        found = self.control.user(case.vendor, case.key(user)) or {}
        applied = []
        for change in found.get("history", []):
            values = change.get("properties") or change.get("contacts") or change.get("attributes") or {}
            value = values.get("color") or values.get("email") or values.get("points") or values.get("tags")
            applied.append(value[0] if isinstance(value, list) else value)
        return applied

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
            positions = [position for position, row in enumerate(rows) if case.key(user) in row.values()]
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
        held = self.held(case, user)
        if case.operation == "unset":
            if accepted:
                assert not {"gone", "gone_too"} & set(held), "accepted, and still there"
            elif not doubtful and held:
                assert {"gone", "gone_too", "kept"} <= set(held), "removed without a verdict that says so"
            return
        column = {"set": "color", "contacts": "email", "increase": "points"}.get(case.operation, "tags")
        values = {position: rows[position][column] for position in positions}
        if case.operation == "increase":
            points = held.get("points", 0)
            sure = sum(values[position] for position in accepted)
            maybe = sum(values[position] for position in doubtful)
            assert sure <= points <= sure + maybe, "increased twice, or accepted and not increased"
            if not doubtful:
                assert points == sure
            return
        if case.operation == "add":
            tags = held.get("tags", [])
            assert all(values[position][0] in tags for position in accepted), "accepted, and not there"
        elif case.operation == "remove":
            tags = held.get("tags", [])
            assert not any(values[position][0] in tags for position in accepted), "accepted, and still there"
        elif accepted:
            later = [values[position] for position in doubtful if position > accepted[-1]]
            assert held[column] in [values[accepted[-1]], *later], "not the value of the last accepted row"
        if not once:
            return
        applied = self.history(case, user)
        texts = {position: value[0] if isinstance(value, list) else value for position, value in values.items()}
        for position in positions:
            if status[position] in ("unsent", "invalid", "skipped"):
                assert texts[position] not in applied, f"{status[position]}, and applied all the same"
        places = [next(p for p in positions if texts[p] == value) for value in applied]
        assert places == sorted(places), "updates of one user applied out of their order"

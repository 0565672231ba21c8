# SPDX-License-Identifier: Apache-2.0
"""Who learns of verdicts: what a checkpoint passes over is known before it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Verdict
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.recording import checkpointing, one_for_all, recording
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def comparison(told: list[str]) -> Any:
    """Return a comparison, as far as it learns of verdicts."""
    journal = SimpleNamespace(
        write_verdicts=lambda: told.append("journal"), write_verdicts_if_due=lambda: told.append("journal if due")
    )
    return SimpleNamespace(record=lambda rows, verdicts: told.append("comparison"), journal=journal)


@pytest.fixture
def account() -> Account:
    return Account(operation(), Details())


def test_each_learns_in_its_turn(
    told: list[str], comparison: Any, account: Account, update: Callable[..., UserUpdate], clock: Any
) -> None:
    plan: Any = PushPlan(
        operation(),
        comparison=comparison,
        on_verdicts=(lambda rows, verdicts: told.append("one"), lambda rows, verdicts: told.append("other")),
        on_progress=lambda _: told.append("progress"),
        clock=clock,
    )
    checkpointer: Any = SimpleNamespace(save_if_due=lambda: told.append("checkpoint"))
    known: Any = SimpleNamespace(forget=lambda user: told.append("forgotten"))
    record = recording(plan, account, checkpointer, known)
    clock.advance(60)
    record([update(0)], [ACCEPTED])
    assert told == ["comparison", "progress", "journal if due", "checkpoint", "one", "other"]
    assert account.book.rows == 1


@pytest.mark.parametrize("is_settled", [True, False])
def test_a_checkpoint_comes_after_journal_and_rejects(
    told: list[str], comparison: Any, account: Account, is_settled: bool
) -> None:
    def settle(*, now: bool) -> bool:
        told.append(f"rejects, now={now}")
        return is_settled

    rejects: Any = SimpleNamespace(settle=settle)
    store: Any = SimpleNamespace(write=lambda state: told.append("checkpoint"), delete=lambda: None)
    plan: Any = PushPlan(operation(), comparison=comparison, rejects=rejects)
    checkpointing(plan, store, Checkpoint(), account).close(complete=False)
    assert told[:2] == ["journal", "rejects, now=True"]
    assert told[2:] == ["checkpoint"] * is_settled


def test_one_listener_is_called_as_it_is() -> None:
    def listen(rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None: ...

    assert one_for_all(None, listen, None) is listen

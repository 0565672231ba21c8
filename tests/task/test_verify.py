# SPDX-License-Identifier: Apache-2.0
"""While users are read back: the push is over, its checkpoint says so, and a signal ends the wait alone."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.operators.users import Rows
from airflow_provider_userattrs.task import run as run_module
from airflow_provider_userattrs.task.shutdown import Interruption

pytestmark = pytest.mark.usefixtures("connections")

ROWS = [{"customer_id": f"user{number}", "tags": ["a"]} for number in range(20)]


class Store:
    """A task state store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self.kept.get(key)

    def set(self, key: str, value: Any) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGALRM], ids=["no signal", "SIGTERM", "SIGALRM"])
@pytest.mark.parametrize("operation", ["set", "add"])
def test_a_signal_ends_the_wait_and_the_push_stays_a_success(
    control: Any, monkeypatch: pytest.MonkeyPatch, fake_clock: Any, operation: str, number: Any
) -> None:
    store = Store()
    during: list[Any] = []

    class Interrupting(fake_clock):  # type: ignore[misc]
        def sleep(self, seconds: float, wake: Any) -> None:
            if seconds >= 20 and not during:  # the wait before users are read back
                during.append({key: dict(value) for key, value in store.kept.items()})
                if number is not None:
                    os.kill(os.getpid(), number)
                    assert wake.wait(60)
                    return
            super().sleep(seconds, wake)

    monkeypatch.setattr(run_module, "Clock", Interrupting)
    operator = MoEngageSetAttributesOperator(
        task_id="t", users=ROWS, operation=operation, verify=10, bulk=True, retries=3, max_failed=0
    )
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)
    context: Any = {"ti": ti, "task_state_store": store}
    with Interruption(Rows.rows) as interruption:
        run = run_module.Run(operator.make_spec(context), context, interruption)
        report = run.run()
    assert run.error is None
    assert (report["accepted"], report["failure"]) == (20, None)
    assert report["verified"]["equal" if number is None else "unread"] == 10
    assert (report["verified"]["why"] is None) is (number is None)
    [kept] = during
    [checkpoint] = kept.values()
    assert (checkpoint["below"], checkpoint["sent_below"]) == (20, 0), "a task that is killed now has no row in doubt"
    retry: Any = {"ti": ti, "task_state_store": store}
    again = run_module.Run(operator.make_spec(retry), retry).run()
    assert again["rows"] == 20
    assert len([entry for entry in control.journal() if entry["rows"]]) == (1 if operation == "add" else 2)

# SPDX-License-Identifier: Apache-2.0
"""A bulk request that was refused, and a task that ends before its halves are sent: the next try sends them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.task import run as run_module

pytestmark = pytest.mark.usefixtures("connections")

ROWS = [{"customer_id": f"user{number}", "a": number} for number in range(20)]


@pytest.mark.parametrize("applied", ["before", "never"])
def test_halves_that_were_not_sent_are_sent_by_the_next_try(
    control: Any, monkeypatch: pytest.MonkeyPatch, fake_clock: Any, tmp_path: Any, applied: str
) -> None:
    monkeypatch.setattr(run_module, "Clock", fake_clock)
    operator = MoEngageSetAttributesOperator(
        task_id="t", users=ROWS, bulk=True, retries=3, checkpoint_path=str(tmp_path), max_failed=0
    )
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)

    def once() -> Any:
        context: Any = {"ti": ti}
        run = run_module.Run(operator.make_spec(context), context)
        return run.run(), run.error

    control.fault("moengage", {"code": "MissingAttributeError", "apply": applied}, {"from": 1, "to": 1})
    control.fault("moengage", {"code": "BlockedClient"}, {"from": 1})
    first, error = once()
    assert error is not None
    assert (first["accepted"], first["unknown"]) == (0, 20), "they may have been applied, and are not unsent"
    control.clear_faults()
    second, error = once()
    assert error is None
    assert (second["rows"], second["accepted"]) == (20, 20)
    assert {user["attributes"]["a"] for user in control.users("moengage").values()} == set(range(20))

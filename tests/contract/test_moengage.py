# SPDX-License-Identifier: Apache-2.0
"""What MoEngage alone says, and what it must come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from vendor_cases.moengage import ERRORS

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

pytestmark = pytest.mark.only("moengage")


@pytest.mark.parametrize("kind", ["Something new", "ServerError", "RateLimitError"])
@pytest.mark.parametrize("http", sorted({http for http, _ in ERRORS.values()}))
def test_moengages_status_decides_whatever_the_type(
    case: Any, bench: Any, check: Callable[..., Any], http: int, kind: str
) -> None:
    """The types differ between MoEngage's own pages."""
    bench.fault(case, {"code": kind, "status": http})
    (status,) = {status for known, status in ERRORS.values() if known == http and (http, status) != (400, "unsent")}
    check(status, str(http), passes=http in (429, 500))


@pytest.mark.parametrize("kind", ["Blacklisted", "InvalidParams", "ParamsRequired"])
def test_moengages_account_errors_stop_the_push_at_the_first_response(case: Any, bench: Any, kind: str) -> None:
    bench.fault(case, {"code": kind})
    rows = case.rows(300)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"unsent": 300}
    assert len(bench.control.journal()) <= 2
    assert isinstance(pushed.error, RefusedConfiguration)
    assert "fix the rows" not in str(pushed.error).lower()

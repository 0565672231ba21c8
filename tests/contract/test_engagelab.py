# SPDX-License-Identifier: Apache-2.0
"""What EngageLab alone says, and what it must come to: seeds 000 and 001."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.only("engagelab")


def test_engagelabs_undocumented_code(case: Any, bench: Any, check: Callable[..., Any]) -> None:
    """The page: "other values represent failure"."""
    bench.fault(case, {"code": 99999})
    check("rejected", "99999")


@pytest.mark.parametrize("message", ["partial success", "successful", "no success", "ok"])
def test_engagelabs_code_0_with_another_message(case: Any, bench: Any, check: Callable[..., Any], message: str) -> None:
    bench.fault(case, {"code": 0, "message": message})
    check("partial", "0")


@pytest.mark.parametrize("http", [200, 202, 400, 403, 404, 500])
def test_engagelabs_code_0_is_a_success_under_200_alone(case: Any, bench: Any, http: int) -> None:
    """Under another status the body may be a cache's or a proxy's."""
    bench.prepare(case, 1)
    bench.fault(case, {"status": http, "body": '{"code": 0, "message": "success"}', "apply": "before"})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts == ({"accepted": 1} if http == 200 else {"unknown": 1})


@pytest.mark.parametrize("body", ['{"code": 0}', '{"code": 0, "message": null}', '{"code": 0, "message": ""}'])
def test_engagelabs_code_0_without_a_message_is_no_success(case: Any, bench: Any, body: str) -> None:
    bench.prepare(case, 1)
    bench.fault(case, {"body": body, "apply": "before"})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts in ({"partial": 1}, {"unknown": 1})

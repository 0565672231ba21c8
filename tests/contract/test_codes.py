# SPDX-License-Identifier: Apache-2.0
"""Every documented code, sent by the sandbox: what it makes of the row, and what happens next.

The expectations are written from the vendors' pages, not from the package's tables: `vendor_cases` has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from vendor_cases import Documented


def test_what_the_vendors_pages_have(case: Any, bench: Any, check: Callable[..., Any], documented: Documented) -> None:
    bench.fault(case, documented.then)
    check(documented.status, documented.code, passes=documented.passes)


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
    bench.fault(case, {"status": http, "body": "<html>"})
    rows = case.rows(1)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {status: 1}

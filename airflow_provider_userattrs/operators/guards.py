# SPDX-License-Identifier: Apache-2.0
"""``expect_rows`` and ``max_change``: what they may be, and the guard made of them."""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.operators.literals import from_text
from airflow_provider_userattrs.operators.parameters import check_share, refuse
from airflow_provider_userattrs.push.row_guard import RowGuard
from airflow_provider_userattrs.sources.templates import is_deferred
from airflow_provider_userattrs.task.failure import WrongParameter

_BOUNDS = "give (least, most), such as (1_000, None), where None is no bound"

_CHANGE = (
    "give a share of the last push's rows, such as 0.5 or '50%' (1.0 is all of them), or a number of rows (int; 1 is "
    "one); a change as large as that is refused"
)


def check_expect_rows(name: str, value: Any) -> None:
    """Check how many rows are expected; a bound may be known only when the task runs."""
    if value is None:
        return
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        refuse(name, value, _BOUNDS)
    least, most = map(_bound, value)
    known = [bound for bound in (least, most) if bound is not None and not is_deferred(bound)]
    for bound in known:
        if isinstance(bound, bool) or not isinstance(bound, int) or bound < 0:
            refuse(f"{name} has a bound that", bound, _BOUNDS)
    if least is None and most is None:
        raise WrongParameter(f"{name} has no bound; {_BOUNDS}")
    if len(known) == 2 and least > most:
        raise WrongParameter(f"{name} is at least {least:,} and at most {most:,}; {_BOUNDS}")


def check_max_change(name: str, value: Any) -> None:
    """Check by how much the number of rows may differ from the last push's."""
    if value is None:
        return
    check_share(name, value, _CHANGE)
    if not from_text("max_change", value):
        refuse(name, value, _CHANGE)


def make_guard(expect_rows: Any, max_change: Any) -> RowGuard:
    """Return the guard, of parameters that are rendered and checked.

    :param expect_rows: the bounds, or None.
    :param max_change: the share or number of rows, or None.
    """
    least, most = map(_bound, expect_rows or (None, None))
    return RowGuard(least, most, max_change)


def _bound(bound: Any) -> Any:
    """Return a bound; one that was rendered is text."""
    if not isinstance(bound, str) or is_deferred(bound):
        return bound
    text = bound.strip()
    return int(text) if text.isdecimal() else None if text in ("None", "") else bound

# SPDX-License-Identifier: Apache-2.0
"""A user's last verdict, since when it is this one, and since when the user fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from airflow_provider_userattrs.task.push_log.lines import Line
from airflow_provider_userattrs.task.push_log.values import cut, moment


class Latest(NamedTuple):
    """A user's last verdict.

    :param status: its status.
    :param code: its code.
    :param attribute: the attribute it is about, or None.
    :param since: when the user's verdicts began to be this one.
    :param failing_since: when the user's verdicts began to be failures; None if the last was none.
    """

    status: str
    code: str
    attribute: str | None
    since: str
    failing_since: str | None


def latest_of(before: Latest | None, lines: Sequence[Line]) -> Latest:
    """Return a user's last verdict after some lines.

    :param before: what it was before; None if the user has none.
    :param lines: one or more lines on the user that say whether the user fails, in order.
    """
    last = before
    for line in lines:
        verdict, at = line.verdict, moment(line.at)
        said = (verdict.status.value, cut("code", verdict.code) or "", cut("attribute", verdict.attribute))
        since = last.since if last is not None and said == last[:3] else at
        failing_since = (last.failing_since if last is not None and last.failing_since else at) if line.fails else None
        last = Latest(*said, since, failing_since)
    assert last is not None
    return last

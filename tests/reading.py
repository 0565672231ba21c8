# SPDX-License-Identifier: Apache-2.0
"""Reading a query by its key, from the beginning and from where a try stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.sql import SqlRows


def behind(key: Any) -> Unfinished:
    """Return that all rows up to a key are finished."""
    return Unfinished().behind([Gap((key,), ())])


def source(sql: str, **arguments: Any) -> SqlRows:
    return SqlRows(sql, conn_id="warehouse", **arguments)


def only_rows(items: Any) -> list[Any]:
    return [item for item in items if not isinstance(item, Keys)]


def goes_on_everywhere(rows: SqlRows) -> int:
    """Check that reading goes on behind each of some rows, and within gaps between them; return how many rows."""
    items = list(rows.rows())
    every, keys = only_rows(items), [key for item in items if isinstance(item, Keys) for key in item.keys]
    assert len(keys) == len(every)
    behind = Unfinished()
    for at in {0, 1, len(keys) // 3, 999, 1_000, len(keys) - 1} & set(range(len(keys))):
        assert rest(rows, behind.behind([Gap((keys[at],), ())])) == every[at + 1 :]
    third = len(keys) // 3
    gaps = [Gap((), (keys[2],)), Gap((keys[5],), (keys[third],)), Gap((keys[2 * third],), ())]
    left = every[:2] + every[6:third] + every[2 * third + 1 :]
    assert rest(rows, behind.behind(gaps)) == left
    again = [Gap((), (keys[1],)), Gap((keys[7],), ())]
    assert rest(rows, behind.behind(gaps).behind(again)) == every[:1] + every[8:third] + every[2 * third + 1 :]
    sent = replace(behind.behind(gaps), sent_upto=keys[7])
    assert rest(rows, sent) == left
    assert [row for doubtful, row in told(rows, sent) if doubtful] == every[:2] + every[6:8]
    return len(every)


def rest(rows: SqlRows, unfinished: Unfinished) -> list[Any]:
    return [row for _, row in told(rows, unfinished)]


def told(rows: SqlRows, unfinished: Unfinished) -> Iterator[tuple[bool, Any]]:
    """Yield each unfinished row, and whether it may have been sent."""
    keys = Keys(())
    for item in rows.rows(after=json.loads(json.dumps(unfinished.as_dict()))):
        if isinstance(item, Keys):
            keys = item
        else:
            yield keys.in_doubt, item
    assert keys.still_there is not None

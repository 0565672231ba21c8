# SPDX-License-Identifier: Apache-2.0
"""What the tests of queries share: reading one by its key, from the first row or where a try stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.sql import SqlRows

UUID_1 = UUID("12345678-1234-5678-1234-567812345678")


def finished_up_to(key: Any) -> Unfinished:
    """Return that all rows up to a key are finished."""
    return Unfinished().after_try([Gap((key,), ())])


def change_connection(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", json.dumps({**json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"]), **fields})
    )


def source(sql: str, **arguments: Any) -> SqlRows:
    return SqlRows(sql, conn_id="warehouse", **arguments)


def only_rows(items: Any) -> list[Any]:
    return [item for item in items if not isinstance(item, Keys)]


def check_resuming(rows: SqlRows) -> int:
    """Check that reading resumes after each of some rows, and within gaps between them; return the number of rows."""
    items = list(rows.rows())
    every, keys = only_rows(items), [key for item in items if isinstance(item, Keys) for key in item.keys]
    assert len(keys) == len(every)
    nothing_finished = Unfinished()
    for at in {0, 1, len(keys) // 3, 999, 1_000, len(keys) - 1} & set(range(len(keys))):
        assert unfinished_rows(rows, nothing_finished.after_try([Gap((keys[at],), ())])) == every[at + 1 :]
    third = len(keys) // 3
    gaps = [Gap((), (keys[2],)), Gap((keys[5],), (keys[third],)), Gap((keys[2 * third],), ())]
    left = every[:2] + every[6:third] + every[2 * third + 1 :]
    assert unfinished_rows(rows, nothing_finished.after_try(gaps)) == left
    again = [Gap((), (keys[1],)), Gap((keys[7],), ())]
    assert (
        unfinished_rows(rows, nothing_finished.after_try(gaps).after_try(again))
        == every[:1] + every[8:third] + every[2 * third + 1 :]
    )
    sent = replace(nothing_finished.after_try(gaps), sent_upto=keys[7])
    assert unfinished_rows(rows, sent) == left
    assert [row for doubtful, row in doubts_and_rows(rows, sent) if doubtful] == every[:2] + every[6:8]
    return len(every)


def unfinished_rows(rows: SqlRows, unfinished: Unfinished) -> list[Any]:
    return [row for _, row in doubts_and_rows(rows, unfinished)]


def doubts_and_rows(rows: SqlRows, unfinished: Unfinished) -> Iterator[tuple[bool, Any]]:
    """Yield each unfinished row, and whether it may have been sent."""
    keys = Keys(())
    for item in rows.rows(after=json.loads(json.dumps(unfinished.as_dict()))):
        if isinstance(item, Keys):
            keys = item
        else:
            yield keys.in_doubt, item
    assert keys.still_there is not None


def know_berlin(mariadb: Any) -> None:
    """Give the server one time zone that has an hour twice."""
    mariadb.execute(
        "REPLACE INTO time_zone (Time_zone_id) VALUES (1)",
        "REPLACE INTO time_zone_name VALUES ('Europe/Berlin', 1)",
        "REPLACE INTO time_zone_transition_type VALUES (1, 0, 7200, 1, 'CEST'), (1, 1, 3600, 0, 'CET')",
        "REPLACE INTO time_zone_transition VALUES (1, 0, 0), (1, 1792890000, 1)",
        database="mysql",
    )

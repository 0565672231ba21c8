# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of a push: unlike seconds, they do not depend on what else the machine does.

``python instructions.py SIDE ROWS`` pushes so many rows through the engine with a response made up in place of each
request; `counted` runs that in valgrind, twice, so that what comes before the rows is left out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

#: vendor -> its operation, the column that names the user, and a response to a full request.
VENDORS = {
    "kahuna": ("euid", b"[" + b",".join([b'{"success":true}'] * 100) + b"]"),
    "engagelab": ("euid", b'{"code":0,"message":"success"}'),
    "moengage": ("customer_id", b'{"status":"success"}'),
}

_FEW, _MANY = 1_000, 3_000


def push(vendor: str, rows: list[dict[str, Any]]) -> None:
    """Push rows with one request in flight, so that threads take turns in the same way each time."""
    from importlib import import_module

    from airflow_provider_userattrs.push import Push, PushPlan
    from airflow_provider_userattrs.push.mapping.mapper import Mapper
    from airflow_provider_userattrs.push.mapping.times import time_zone
    from airflow_provider_userattrs.push.model.chunk import Chunk
    from airflow_provider_userattrs.push.model.operation import Response

    operation = import_module(f"airflow_provider_userattrs.vendors.{vendor}.api").OPERATIONS["set"]
    user, body = VENDORS[vendor]
    mapper = Mapper(operation.rules(time_zone("UTC")), {user: "euid"})
    answer = Response(200, {}, body)
    plan = PushPlan(operation=operation, mapper=mapper, rate=1e8, concurrency=1)
    chunks = [Chunk(rows[start : start + 500]) for start in range(0, len(rows), 500)]
    report = Push(plan).run(chunks, lambda body, *, before_send: answer)
    assert report["accepted"] == len(rows), report


def main(side: str, count: int) -> None:
    """Push made-up rows to a vendor, or encode them with `json.dumps`."""
    from shapes import made

    rows = made("plain", count, text=side != "engagelab")
    if side == "json.dumps":
        for row in rows:
            json.dumps(row)
    elif side != "rows":
        push(side, rows)


def counted(side: str) -> float:
    """Return the instructions a row.

    :param side: a vendor, ``json.dumps``, or ``rows`` for making the rows alone.
    """
    with ThreadPoolExecutor(2) as pool:
        few, many = pool.map(lambda rows: _run(side, rows), (_FEW, _MANY))
    return (many - few) / (_MANY - _FEW)


def _run(side: str, rows: int) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, __file__, side]
    done = subprocess.run(
        [*command, str(rows)], capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"}, check=True
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main(sys.argv[1], int(sys.argv[2]))

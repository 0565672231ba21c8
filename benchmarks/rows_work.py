# SPDX-License-Identifier: Apache-2.0
"""The rows about the package's own work: what a row costs without any request, and what an import does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from goals import show
from instructions import counted
from measure import import_seconds, side, turns
from operations import VENDORS

#: Another version of the package, as BEFORE=path names its checkout, beside which `own_work` measures this one.
BEFORE = Path(os.environ["BEFORE"]).resolve() if os.environ.get("BEFORE") else None

#: (vendor, shape of the rows) -> times `json.dumps` of a row that the package's own work may cost: a half of what it
#: was when each row was mapped by itself; where rows are dirty, no more than it was.
OWN_WORK = {
    ("kahuna", "plain"): 1.15,
    ("kahuna", "wide"): 1.05,
    ("engagelab", "plain"): 2.1,
    ("moengage", "plain"): 2.25,
    ("moengage in bulk", "plain"): 1.8,
    ("kahuna", "nulls"): 2.05,
    ("kahuna", "invalid"): 3.1,
    ("kahuna", "two_shapes"): 2.6,
}


def own_work() -> None:
    """Measure the package's own work a row, without any request, beside `json.dumps` of the same rows."""
    for (name, shape), goal in OWN_WORK.items():
        vendor, _, way = name.partition(" in ")
        options = {"check": False, "pinned": True, "vendor": vendor, "shape": shape}
        many = {"bulk": True} if way else {}

        def cost(side_name: str, options: dict[str, Any] = options, **more: Any) -> Callable[[], float]:
            return lambda: side(side_name, 20_000, **options, **more)["cpu_a_row"] * 1e6

        sides = {"dumps": cost("dumps"), "us": cost("package", send=False, **many)}
        if BEFORE is not None:
            sides["us before"] = cost("package", send=False, tree=BEFORE, **many)
        found = turns(**sides)
        times = found["us"] / found["dumps"]
        row = f"own work a row, {name}, {shape.replace('_', ' ')}: times json.dumps of it"
        show(row, f"<= {goal}", f"{times:.2f}", times <= goal, found)


def instructions() -> None:
    """Count the instructions of the package's own work a row, which are the same on a busy machine."""
    if shutil.which("valgrind") is None:
        print("No instructions are counted: install the package valgrind, then run again.")
        return
    made = counted("rows")
    dumped = counted("json.dumps") - made
    for name in VENDORS:
        count = counted(name) - made
        print(
            f"instructions of a plain row, {name}: {count:,.0f}, {count / dumped:.2f} times json.dumps of it",
            flush=True,
        )


def imports() -> None:
    """Measure what an import adds to Airflow's own."""
    for name in VENDORS:
        module = f"airflow_provider_userattrs.operators.{name}"
        found = turns(ms=lambda module=module: import_seconds(module) * 1000)
        show(
            f"import of operators.{name}, ms of processor over BaseOperator's",
            "<= 50",
            f"{found['ms']:.0f}",
            found["ms"] <= 50,
        )

# SPDX-License-Identifier: Apache-2.0
"""The rows about where users come from: databases, files, memory, what is known, shards."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from distributed import Postgres, pushed_by_celery, worked
from goals import show
from measure import side, stats, turns, vendor, worst_second, write_files
from warehouse import DAY, QUERY, TABLE


def sources() -> None:
    """Measure rows of a database and of files, pushed without any request, beside what only reads them."""
    rows = 100_000
    pushed = {"check": False, "vendor": "kahuna", "send": False}
    with tempfile.TemporaryDirectory() as folder, Postgres() as database:
        database.execute(TABLE.format(QUERY.format(rows)))
        write_files(Path(folder), rows)
        for kind, where, reader, name, least in (
            ("sql", str(database.port), "bare_cursor", "PostgreSQL, a query: of a bare cursor", 0.45),
            ("table", str(database.port), "bare_cursor", "PostgreSQL, a table by key: of a bare cursor", 0.38),
            ("parquet", folder, "parquet_dicts", "Parquet: of reading it to dicts", 0.8),
        ):
            reading = {"where": where, **({"kind": kind} if reader == "bare_cursor" else {})}
            found = turns(
                reading=lambda reader=reader, reading=reading: side(reader, rows, check=False, **reading)["rate"],
                pushing=lambda kind=kind, where=where: side("package", rows, kind=kind, where=where, **pushed)["rate"],
            )
            share = found["pushing"] / found["reading"]
            show(f"rows/s from {name} that only reads", f">= {least}", f"{share:.2f}", share >= least, found)


def memory() -> None:
    """Measure whether memory grows with the rows, and with those that are not accepted."""
    few, many = 10_000, 1_000_000
    with tempfile.TemporaryDirectory() as folder, Postgres() as database:

        def grown(kind: str) -> float:
            where = {"sql": str(database.port)}.get(kind, folder)
            options: dict[str, Any] = {"kind": kind, "where": where}
            if kind in ("an iterator", "rejects"):
                options = {"rejects": f"{folder}/rejects.jsonl"} if kind == "rejects" else {}
            options |= {"vendor": "kahuna", "send": False, "check": False}
            peaks = [side("package", rows, **options)["memory"] for rows in (few, many)]
            return (peaks[1] - peaks[0]) / 1e6

        for rows in (few, many):
            write_files(Path(folder), rows)
        limits = {"an iterator": 16, "rejects": 16, "sql": 16, "parquet": 32, "jsonl.gz": 16}
        with ThreadPoolExecutor(2) as pool:  # memory is no matter of time: two at once
            for kind, megabytes in zip(limits, pool.map(grown, limits), strict=True):
                name = "an iterator, one in ten rejected" if kind == "rejects" else kind
                row = f"peak memory at 1,000,000 rows of {name} less that at 10,000, MB"
                show(row, f"<= {limits[kind]}", f"{megabytes:.1f}", megabytes <= limits[kind])


def changed_only() -> None:
    """Measure a night in which two users in a hundred changed."""
    users = 300_000
    with tempfile.TemporaryDirectory() as folder, vendor(0) as url:

        def night(changed: bool) -> float:
            result = side("package", users, url, vendor="kahuna", known=folder, changed=changed, check=False)
            sent[changed] = stats(url)["rows"]
            return float(result["seconds"])

        sent: dict[bool, int] = {}
        stats(url)
        first, second = night(False), night(True)
    share = sent[True] / sent[False]
    show(
        f"{users:,} users, 2 % changed: users sent",
        "0.02",
        f"{share:.4f}",
        share == 0.02,
        {"s": first, "then s": second},
    )
    with tempfile.TemporaryDirectory() as folder:
        options = {"vendor": "kahuna", "send": False, "check": False}
        side("package", 100_000, known=folder, **options)
        found = turns(
            without=lambda: side("package", 100_000, dry_run=True, **options)["cpu_a_row"] * 1e9,
            compared=lambda: side("package", 100_000, dry_run=True, known=folder, **options)["cpu_a_row"] * 1e9,
        )
    more = (found["compared"] - found["without"]) / 1000
    show("comparing, us a row more than a dry run without", "<= 2", f"{more:.1f}", more <= 2, found)


def ten_million() -> None:
    """Measure memory with 10,000,000 users known, and what they take in the file."""
    users, options = 10_000_000, {"vendor": "kahuna", "send": False, "check": False}
    with tempfile.TemporaryDirectory() as folder:
        nights = [side("package", users, known=folder, changed=changed, **options) for changed in (False, True)]
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / users
    first, second = (night["memory"] / 1e6 for night in nights)
    peak = max(first, second)
    show("10,000,000 users known: peak MB", "<= 512", f"{peak:.0f}", peak <= 512, {"first": first, "second": second})
    show("the same: bytes a user in the file", "<= 22", f"{size:.1f}", size <= 22)


def window() -> None:
    """Measure a night that reads only the rows that are new, two in a hundred, beside one that reads all."""
    users, pushed = 500_000, {"vendor": "kahuna", "send": False, "check": False}
    with tempfile.TemporaryDirectory() as folder, Postgres() as database:
        database.execute(TABLE.format(QUERY.format(users)))

        def night(kind: str, changed: bool = True) -> float:
            if changed:
                database.execute(DAY)
            known, where = f"{folder}/{kind}", str(database.port)
            return float(
                side("package", users, kind=kind, where=where, known=known, changed=changed, **pushed)["seconds"]
            )

        for kind in ("table", "window"):
            night(kind, changed=False)
        found = {"all": night("table"), "new": night("window")}
    share = found["new"] / found["all"]
    show(f"{users:,} rows, 2 % new: seconds of reading all", "<= 0.2", f"{share:.2f}", share <= 0.2, found)


def shards() -> None:
    """Measure 8 shards on two Celery workers beside one task, and the cap that they share."""
    cap = 400.0
    pushes = {
        "one_task": {"vendor": "engagelab", "users": 3_000, "shards": 1},
        "eight_shards": {"vendor": "engagelab", "users": 20_000, "shards": 8},
        "capped": {"vendor": "moengage", "users": 6_000, "shards": 8},
    }
    with vendor(50) as url:
        arrivals = pushed_by_celery(url, pushes, {"moengage": cap})
    rates = {name: worked(arrivals[name]) for name in ("one_task", "eight_shards")}
    times = rates["eight_shards"] / rates["one_task"]
    show("8 shards on 2 Celery workers, 50 ms: times one task", ">= 1.6", f"{times:.1f}", times >= 1.6, rates)
    share, worst = worked(arrivals["capped"]) / cap, worst_second(arrivals["capped"]) / cap
    met = share >= 0.95 and worst <= 1
    show("8 shards, cap of 400 users/s: used, worst second", ">= 0.95, <= 1", f"{share:.3f}, {worst:.3f}", met)

# SPDX-License-Identifier: Apache-2.0
"""``make bench``: this package beside what a user would write instead, all in one run against the same mock vendor.

Prints a table of medians and ratios. The sides of a row take turns, so that a noisy machine is noisy for all of them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from distributed import Postgres, pushed_by_celery, worked
from measure import certificate, import_seconds, side, stats, vendor, worst_second, write_files, wrk
from sides import DAY, QUERY, TABLE, VENDORS

TURNS = 3


def turns(**sides: Callable[[], float]) -> dict[str, float]:
    """Let the sides take turns; return the median of each."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(TURNS):
        for name, measure in sides.items():
            taken[name].append(measure())
    return {name: median(values) for name, values in taken.items()}


def show(row: str, goal: str, figure: str, met: bool, details: dict[str, float] | None = None) -> None:
    """Print a line of the table."""
    result = "; ".join(f"{name} {value:,.0f}" for name, value in (details or {}).items())
    print(f"| {row} | {goal} | {figure} | {'yes' if met else '**no**'} | {result} |", flush=True)


def single(connections: int, least: float, **others: int) -> dict[str, float]:
    """Measure one user a POST at 20 ms; return the medians.

    :param connections: requests in flight.
    :param least: the goal, as a share of wrk.
    :param others: sides to show beside them -> the users that each pushes.
    """
    with vendor(20) as url:
        found = turns(
            wrk=lambda: wrk(url, "/engagelab", connections, 2),
            package=lambda: side("package", 200 * connections, url, concurrency=connections)["rate"],
            **{name: lambda name=name, rows=rows: side(name, rows, url)["rate"] for name, rows in others.items()},
        )
    share = found["package"] / found["wrk"]
    row = f"one user a POST, 20 ms, {connections} in flight: of wrk"
    show(row, f">= {least}", f"{share:.2f}", share >= least, found)
    return found


def single_32() -> None:
    """Measure with 32 in flight, beside the peers."""
    found = single(32, 0.9, session_pool=1_024, session_loop=40, post_loop=40, drt=40, dlt=40)
    peers = found["package"] / max(found["drt"], found["dlt"])
    show("the same: times the faster of drt and dlt", ">= 25", f"{peers:.0f}", peers >= 25)


def single_64() -> None:
    """Measure with 64 in flight."""
    single(64, 0.85)


def at_once() -> None:
    """Measure one user a POST at 0 ms, and the processor time of a request."""
    cpu: dict[str, list[float]] = {"package": [], "tuned_session": []}

    def noting(name: str, result: dict[str, Any]) -> float:
        cpu[name].append(result["cpu_a_row"] * 1e6)
        return float(result["rate"])

    with vendor(0) as url:
        found = turns(
            wrk=lambda: wrk(url, "/engagelab", 16, 1),
            package=lambda: noting("package", side("package", 6_000, url)),
            tuned_session=lambda: noting("tuned_session", side("tuned_session", 6_000, url)),
            session_loop=lambda: side("session_loop", 1_000, url)["rate"],
            post_loop=lambda: side("post_loop", 500, url)["rate"],
            drt=lambda: side("drt", 1_000, url)["rate"],
            dlt=lambda: side("dlt", 1_000, url)["rate"],
        )
        mapped = side("http_operator", 10, url)["rate"]
    peers = found["package"] / max(found["drt"], found["dlt"])
    found["HttpOperator, mapped over 10 users"] = mapped
    show("one user a POST, 0 ms: times the faster of drt and dlt", ">= 1.5", f"{peers:.2f}", peers >= 1.5, found)
    mine, tuned = median(cpu["package"]), median(cpu["tuned_session"])
    details = {"package us": mine, "tuned_session us": tuned}
    show("CPU a request: times a bare tuned Session", "<= 1.3", f"{mine / tuned:.2f}", mine / tuned <= 1.3, details)


def kahuna() -> None:
    """Measure 100 users a POST."""
    with vendor(0) as url:
        found = turns(
            package=lambda: side("package", 120_000, url, vendor="kahuna")["rate"],
            tuned_session=lambda: side("tuned_session", 120_000, url, vendor="kahuna")["rate"],
            wrk=lambda: wrk(url, "/kahuna", 16, 1),
        )
    share = found["package"] / found["tuned_session"]
    show("Kahuna, 100 users a POST, 0 ms: of a bare tuned Session", ">= 0.5", f"{share:.2f}", share >= 0.5, found)
    with vendor(20) as url:
        found = turns(
            wrk=lambda: wrk(url, "/kahuna", 16, 2),
            package=lambda: side("package", 120_000, url, vendor="kahuna", concurrency=16)["rate"],
        )
    share = found["package"] / found["wrk"]
    show("Kahuna, 20 ms, 16 in flight: of wrk", ">= 0.8", f"{share:.2f}", share >= 0.8, found)


def bulk() -> None:
    """Measure MoEngage in bulk beside one user a POST and beside wrk, how full requests are, and the cap."""
    full: list[float] = []

    def pushed(rows: int, **options: Any) -> float:
        result = side("package", rows, url, vendor="moengage", bulk=True, **options)
        full.append(sum(sorted(result["bytes"])[1:]) / (len(result["bytes"]) - 1) / 100_000)  # the last is not full
        return float(result["rate"])

    with vendor(20) as url:
        found = turns(
            bulk=lambda: pushed(120_000),
            single=lambda: side("package", 6_000, url, vendor="moengage")["rate"],
            wrk=lambda: wrk(url, "/moengage/v1/transition", 16, 2),
        )
        times = found["bulk"] / found["single"]
        show("MoEngage in bulk, 20 ms, no cap: times one user a POST", ">= 6", f"{times:.0f}", times >= 6, found)
        show(
            "the same: share of the 100,000 bytes that a request has", ">= 0.95", f"{min(full):.3f}", min(full) >= 0.95
        )
        result = side("package", 20_000, url, vendor="moengage", bulk=True, rate=1_000)
    rate = result["rate"]
    show("the same at its cap of 1,000 users/s: reached", ">= 0.98", f"{rate / 1_000:.3f}", rate >= 980)


def cap() -> None:
    """Measure a cap, from the vendor's own arrival times."""
    for rate, rows, concurrency in ((10_000 / 60, 1_300, 16), (1_000.0, 8_000, 96)):
        reached, worst = [], []
        with vendor(50) as url:
            for _ in range(TURNS):
                result = side("package", rows, url, vendor="moengage", rate=rate, concurrency=concurrency)
                arrivals = sorted(result["arrivals"])
                reached.append((len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) / rate)
                worst.append(worst_second(arrivals) / rate)
        share, most = median(reached), median(worst)
        met = share >= 0.98 and most <= 1.02 + 1 / rate
        row = f"cap of {rate:,.0f} users/s, 50 ms: reached, worst second"
        show(row, ">= 0.98, <= 1.02", f"{share:.3f}, {most:.3f}", met)


def sources() -> None:
    """Measure rows of a database and of files, pushed without any request, and whether memory grows with them."""
    few, some, many = 10_000, 100_000, 1_000_000
    pushed = {"vendor": "kahuna", "send": False, "check": False}
    with tempfile.TemporaryDirectory() as folder, Postgres() as database:
        port = str(database.port)
        found = turns(
            bare_cursor=lambda: side("bare_cursor", some, where=port, check=False)["rate"],
            sql=lambda: side("package", some, kind="sql", where=port, **pushed)["rate"],
        )
        share = found["sql"] / found["bare_cursor"]
        show("rows/s from PostgreSQL: of a bare cursor that only reads", ">= 0.4", f"{share:.2f}", share >= 0.4, found)

        def grown(kind: str | None) -> float:
            where = port if kind == "sql" else folder
            peaks = [side("package", rows, kind=kind, where=where, **pushed)["memory"] for rows in (few, many)]
            return (peaks[1] - peaks[0]) / 1e6

        for rows in (few, many):
            write_files(Path(folder), rows)
        limits = {None: 16, "sql": 16, "parquet": 32, "jsonl.gz": 16}
        with ThreadPoolExecutor(2) as pool:  # memory is no matter of time: two at once
            for kind, megabytes in zip(limits, pool.map(grown, limits), strict=True):
                row = f"peak memory at 1,000,000 rows of {kind or 'an iterator'} less that at 10,000, MB"
                show(row, f"<= {limits[kind]}", f"{megabytes:.1f}", megabytes <= limits[kind])


def shards() -> None:
    """Measure 8 shards on two Celery workers beside one task, and the cap that they share."""
    cap = 400.0
    pushes = {
        "one_task": {"vendor": "engagelab", "users": 5_000, "shards": 1},
        "eight_shards": {"vendor": "engagelab", "users": 30_000, "shards": 8},
        "capped": {"vendor": "moengage", "users": 12_000, "shards": 8},
    }
    with vendor(50) as url:
        arrivals = pushed_by_celery(url, pushes, {"moengage": cap})
    rates = {name: worked(arrivals[name]) for name in ("one_task", "eight_shards")}
    times = rates["eight_shards"] / rates["one_task"]
    show("8 shards on 2 Celery workers, 50 ms: times one task", ">= 1.6", f"{times:.1f}", times >= 1.6, rates)
    share, worst = worked(arrivals["capped"]) / cap, worst_second(arrivals["capped"]) / cap
    met = share >= 0.95 and worst <= 1
    show("8 shards, cap of 400 users/s: used, worst second", ">= 0.95, <= 1", f"{share:.3f}, {worst:.3f}", met)


def own_work() -> None:
    """Measure the package's own work a row, without any request."""
    for name in VENDORS:
        found = turns(
            us=lambda name=name: side("package", 50_000, check=False, vendor=name, send=False)["cpu_a_row"] * 1e6
        )
        show(f"own work a row, {name}, us", "<= 15", f"{found['us']:.1f}", found["us"] <= 15)


def changed_only() -> None:
    """Measure a night in which two users in a hundred changed."""
    users = 1_000_000
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
        "1,000,000 users, 2 % changed: users sent",
        "0.02",
        f"{share:.4f}",
        share == 0.02,
        {"s": first, "then s": second},
    )
    with tempfile.TemporaryDirectory() as folder:
        options = {"vendor": "kahuna", "send": False, "check": False}
        side("package", 200_000, known=folder, **options)
        found = turns(
            without=lambda: side("package", 200_000, dry_run=True, **options)["cpu_a_row"] * 1e9,
            compared=lambda: side("package", 200_000, dry_run=True, known=folder, **options)["cpu_a_row"] * 1e9,
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
    users, pushed = 1_000_000, {"vendor": "kahuna", "send": False, "check": False}
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
    show("1,000,000 rows, 2 % new: seconds of reading all", "<= 0.2", f"{share:.2f}", share <= 0.2, found)


def tls() -> None:
    """Measure TLS beside plain."""
    with tempfile.TemporaryDirectory() as folder:
        pem = certificate(Path(folder))
        verify = str(Path(folder) / "cert")
        with vendor(20) as plain, vendor(20, pem) as secure:
            found = turns(
                plain=lambda: side("package", 3_000, plain, concurrency=32)["rate"],
                tls=lambda: side("package", 3_000, secure, concurrency=32, check=False, verify=verify)["rate"],
            )
    share = found["tls"] / found["plain"]
    show("TLS, 20 ms, 32 in flight: of plain", ">= 0.9", f"{share:.2f}", share >= 0.9, found)


def imports() -> None:
    """Measure what an import adds to Airflow's own."""
    for name in VENDORS:
        module = f"airflow_provider_userattrs.operators.{name}"
        found = turns(ms=lambda module=module: import_seconds(module) * 1000)
        show(f"import of operators.{name}, ms over BaseOperator's", "<= 50", f"{found['ms']:.0f}", found["ms"] <= 50)


ROWS = (single_32, single_64, at_once, kahuna, bulk, cap, own_work, changed_only, window, tls, imports, sources, shards)


def main() -> None:
    """Measure the rows whose name contains the argument, or all."""
    started = time.monotonic()
    with vendor(0) as url:
        stats(url)
        print(f"The mock vendor answers {wrk(url, '/engagelab', 32, 2):,.0f} requests/s of wrk with 32 connections.\n")
    print("| measured | goal | figure | met | medians (users/s where nothing else is said) |\n|---|---|---|---|---|")
    for row in ROWS:
        if sys.argv[1] in row.__name__ if len(sys.argv) > 1 else row is not ten_million:
            row()
    print(f"\n{time.monotonic() - started:.0f} s, median of {TURNS} turns")


if __name__ == "__main__":
    main()

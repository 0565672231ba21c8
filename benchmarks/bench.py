# SPDX-License-Identifier: Apache-2.0
"""``make bench``: this package beside what a user would write instead, all in one run against the same mock vendor.

Prints a table of medians and ratios. The sides of a row take turns, so that a noisy machine is noisy for all of them.
"""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
import time

import rows_requests
import rows_sources
import rows_work
from goals import print_table
from measure import TURNS, stats, vendor, wrk

ROWS = (
    rows_requests.single_32,
    rows_requests.single_64,
    rows_requests.at_once,
    rows_requests.kahuna,
    rows_requests.bulk,
    rows_requests.cap,
    rows_requests.tls,
    rows_work.own_work,
    rows_work.imports,
    rows_sources.sources,
    rows_sources.memory,
    rows_sources.changed_only,
    rows_sources.window,
    rows_sources.shards,
)

#: Those that take long, or need valgrind: by their names alone.
APART = (rows_work.instructions, rows_sources.ten_million)


def python_build() -> str:
    """Return which Python measures: an optimised build is 8 to 20 % faster than a plain one."""
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}, "
        f"{'an optimised build' if optimised else 'a plain build, without --enable-optimizations'}; "
        f"{os.cpu_count()} processors"
    )


def processor() -> float:
    """Return the processor seconds of what has ended: a row that takes far longer shares the machine, or waits."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Measure the rows whose name contains the argument, or all but those apart."""
    started = time.monotonic()
    name = sys.argv[1] if len(sys.argv) > 1 else None
    print(python_build())
    with vendor(0) as url:
        stats(url)
        print(f"The mock vendor answers {wrk(url, '/engagelab', 32, 2):,.0f} requests/s of wrk with 32 connections.\n")
    for row in ROWS if name is None else [row for row in (*ROWS, *APART) if name in row.__name__]:
        begun, used = time.monotonic(), processor()
        row()
        print(f"  {row.__name__}: {time.monotonic() - begun:.0f} s, processor {processor() - used:.0f} s", flush=True)
    print_table()
    print(f"{time.monotonic() - started:.0f} s, median of {TURNS} turns")


if __name__ == "__main__":
    main()

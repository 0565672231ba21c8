# SPDX-License-Identifier: Apache-2.0
"""The rows about requests: how fast they are beside others, what one costs, how exactly a cap is kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from goals import show
from measure import TURNS, certificate, side, turns, vendor, worst_second, wrk


def single(connections: int, least: float, **others: int) -> dict[str, float]:
    """Measure one user a POST at 20 ms; return the medians.

    :param connections: requests in flight.
    :param least: the goal, as a share of wrk.
    :param others: sides to show beside them, far slower and so measured once -> the users that each pushes.
    """
    with vendor(20) as url:
        found = turns(
            wrk=lambda: wrk(url, "/engagelab", connections, 2),
            package=lambda: side("package", 100 * connections, url, concurrency=connections)["rate"],
        )
        found |= {name: side(name, rows, url)["rate"] for name, rows in others.items()}
    share = found["package"] / found["wrk"]
    row = f"one user a POST, 20 ms, {connections} in flight: of wrk"
    show(row, f">= {least}", f"{share:.2f}", share >= least, found)
    return found


def single_32() -> None:
    """Measure with 32 in flight, beside the peers."""
    found = single(32, 0.9, session_pool=1_024, drt=40, dlt=40)
    peers = found["package"] / max(found["drt"], found["dlt"])
    show("the same: times the faster of drt and dlt", ">= 25", f"{peers:.0f}", peers >= 25)


def single_64() -> None:
    """Measure with 64 in flight."""
    single(64, 0.9)


def at_once() -> None:
    """Measure one user a POST at 0 ms, and the processor time of a request."""
    with vendor(0) as url:
        found = turns(
            wrk=lambda: wrk(url, "/engagelab", 16, 1),
            package=lambda: side("package", 6_000, url)["rate"],
            drt=lambda: side("drt", 1_000, url)["rate"],
            dlt=lambda: side("dlt", 1_000, url)["rate"],
        )
        once = {"a Session in a loop": ("session_loop", 500), "requests.post in a loop": ("post_loop", 300)}
        once["HttpOperator, mapped over 10 users"] = ("http_operator", 10)
        peers = found["package"] / max(found["drt"], found["dlt"])
        found |= {name: side(each, rows, url)["rate"] for name, (each, rows) in once.items()}
        show("one user a POST, 0 ms: times the faster of drt and dlt", ">= 6", f"{peers:.2f}", peers >= 6, found)
        cost = turns(
            package=lambda: side("package", 4_000, url, pinned=True)["cpu_a_row"] * 1e6,
            tuned_session=lambda: side("tuned_session", 3_000, url, pinned=True)["cpu_a_row"] * 1e6,
        )
    times = cost["package"] / cost["tuned_session"]
    show("processor time a request: times a bare tuned Session", "<= 0.3", f"{times:.2f}", times <= 0.3, cost)


def kahuna() -> None:
    """Measure 100 users a POST, from a list."""
    with vendor(0) as url:
        found = turns(
            package=lambda: side("package", 120_000, url, vendor="kahuna", shape="plain")["rate"],
            tuned_session=lambda: side("tuned_session", 120_000, url, vendor="kahuna")["rate"],
        )
    share = found["package"] / found["tuned_session"]
    show("Kahuna, 100 users a POST, 0 ms: of a bare tuned Session", ">= 1", f"{share:.2f}", share >= 1, found)
    with vendor(20) as url:
        found = turns(
            wrk=lambda: wrk(url, "/kahuna", 16, 2),
            package=lambda: side("package", 120_000, url, vendor="kahuna", shape="plain", concurrency=16)["rate"],
        )
    share = found["package"] / found["wrk"]
    show("Kahuna, 20 ms, 16 in flight: of wrk", ">= 0.85", f"{share:.2f}", share >= 0.85, found)


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
        )
        found["single"] = side("package", 1_500, url, vendor="moengage")["rate"]
        found["wrk"] = wrk(url, "/moengage/v1/transition", 16, 2)
        times = found["bulk"] / found["single"]
        show("MoEngage in bulk, 20 ms, no cap: times one user a POST", ">= 6", f"{times:.0f}", times >= 6, found)
        show(
            "the same: share of the 100,000 bytes that a request has", ">= 0.95", f"{min(full):.3f}", min(full) >= 0.95
        )
        result = side("package", 8_000, url, vendor="moengage", bulk=True, rate=1_000)
    rate = result["rate"]
    show("the same at its cap of 1,000 users/s: reached", ">= 0.98", f"{rate / 1_000:.3f}", rate >= 980)


def cap() -> None:
    """Measure a cap, from the vendor's own arrival times."""
    for rate, rows, concurrency in ((10_000 / 60, 900, 16), (1_000.0, 6_000, 96)):
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

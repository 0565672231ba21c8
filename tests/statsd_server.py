# SPDX-License-Identifier: Apache-2.0
"""A StatsD server on loopback, to which Airflow sends its metrics."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from versions import AIRFLOW


class Heard:
    """A StatsD server that remembers what it heard."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server

    def take(self) -> list[str]:
        """Give what came in since the last time: name, value and type, as StatsD writes them."""
        lines = []
        while True:
            try:
                lines += self._server.recv(65_536).decode().splitlines()
            except BlockingIOError:
                return [line for line in lines if line.startswith("airflow.userattrs")]

    def counts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for line in self.take():
            name, value = re.fullmatch(r"airflow\.([^:]+):([\d.]+)\|(?:c|ms)", line).groups()  # type: ignore[union-attr]
            counts[name] += float(value)  # type: ignore[assignment]
        return counts


def start_metrics() -> None:
    """Have Airflow read its settings of metrics anew, as each worker does when it starts."""
    from airflow_names import Stats

    if AIRFLOW.release < (3, 2):
        stats: Any = Stats
        metaclass: Any = type(Stats)
        stats.instance = None
        del metaclass.factory
        metaclass.__init__(stats)
        return
    from airflow.sdk.observability.metrics import stats_utils

    if AIRFLOW.release < (3, 3):
        Stats.initialize(factory=stats_utils.get_stats_factory(Stats))  # type: ignore[call-arg]
        return
    from airflow.sdk.observability import stats

    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
        monkeypatch.setenv("AIRFLOW__METRICS__STATSD_HOST", "127.0.0.1")
        monkeypatch.setenv("AIRFLOW__METRICS__STATSD_PORT", str(server.getsockname()[1]))
        start_metrics()
        yield Heard(server)
        monkeypatch.undo()
        start_metrics()

# SPDX-License-Identifier: Apache-2.0
"""How long a push takes, and into how many shards to split it so that it ends in time."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from airflow_provider_userattrs.push.model.operation import Operation

#: Requests a second that one task can make, whatever the latency; measured, with margin (``make bench``).
MOST_REQUESTS = 700.0


@dataclass(frozen=True)
class Size:
    """Say how to set up a push.

    :param shards: how many tasks.
    :param seconds: how long it takes.
    :param is_capped: whether the cap, and no lack of tasks, is what takes the time.
    """

    shards: int
    seconds: float
    is_capped: bool


def size(
    users: int,
    operation: Operation,
    *,
    latency: float,
    within: float,
    concurrency: int = 16,
    cap: float | None = None,
) -> Size:
    """Return the fewest shards with which a push ends in time, or as soon as the cap allows.

    :param users: how many.
    :param operation: the operation.
    :param latency: seconds the vendor takes for one request.
    :param within: seconds the push may take.
    :param concurrency: requests in flight at most, of each task.
    :param cap: what the vendor allows a second, in its unit; None for the documented cap, if there is one.
    """
    requests = ceil(users / operation.max_users)
    per_task = min(concurrency / latency, MOST_REQUESTS)
    allowed = cap if cap is not None else operation.max_rate
    # The cap in requests a second.
    most = float("inf") if allowed is None else allowed / operation.units(operation.max_users)
    wanted = min(requests / within, most)
    shards = max(1, ceil(wanted / per_task))
    rate = min(shards * per_task, most)
    return Size(shards, requests / rate, is_capped=most <= shards * per_task)

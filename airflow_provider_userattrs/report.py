# SPDX-License-Identifier: Apache-2.0
"""The report of a push: the dict that is its task's XCom, also when the task fails.

For callbacks and tasks that read it: ``report: PushReport = ti.xcom_pull(task_ids="push")``. docs/report.md says what
each field means.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

__all__ = [
    "Changes",
    "Limit",
    "Logged",
    "Lookups",
    "Note",
    "PushReport",
    "Reason",
    "Removed",
    "Sample",
    "SampledRequest",
    "ShardNumber",
    "Shards",
    "Throughput",
    "Verified",
    "Window",
]


class Reason(TypedDict):
    """Why rows share one verdict."""

    status: Literal["partial", "rejected", "invalid", "skipped", "unknown", "unsent"]
    code: str
    meaning: str
    remedy: str
    count: int
    positions: list[int]
    locations: list[str]
    attributes: dict[str, int]


class Note(TypedDict):
    """A change that was made to an attribute's values on their way."""

    attribute: str
    note: str
    count: int


class Throughput(TypedDict):
    """Rows and retries over time."""

    interval_seconds: float
    rows: list[int]
    retries: list[int]


class Removed(TypedDict):
    """What became of users who left the query."""

    left: int | None
    unset: int
    gone: int
    withheld: str | None
    why: str | None


class Window(TypedDict):
    """Which rows a push read that reads only new ones; times are text in UTC."""

    column: str
    since: str | None
    until: str
    all: str | None
    asked: int
    failed_again: int
    gone: int
    remembered: int
    kept: str | None


class _EveryChanges(TypedDict):
    began: int
    known: int
    full: str | None
    refreshed: int
    failing: int
    failing_since: int | None
    disputed: int
    removed: Removed | None


class Changes(_EveryChanges, total=False):
    """What a push sent because it changed; ``window`` is there if it reads only new rows."""

    window: Window


class Lookups(TypedDict):
    """What was looked up before users could be named, apart from the updates."""

    requests: int
    retries: int
    bytes: int
    found: int
    not_found: int
    known: int


class Verified(TypedDict):
    """What reading back a sample of the accepted users has shown."""

    sampled: int
    equal: int
    not_yet: int
    different: int
    unknown_user: int
    unread: int
    why: str | None


class Limit(TypedDict):
    """How many rows were to be read at most, and whether so many were."""

    rows: int
    reached: bool


class SampledRequest(TypedDict):
    """A request of a dry run; its body has the kinds of values in place of the values."""

    users: int
    bytes: int
    body: str


class Sample(TypedDict):
    """The first requests of a dry run, as they would be sent."""

    url: str
    headers: dict[str, str]
    requests: list[SampledRequest]


class Logged(TypedDict):
    """How many lines a try has written to the log in a database, and how many it could not write."""

    written: int
    lost: int
    why: str | None


class ShardNumber(TypedDict):
    """Which shard of a mapped push this is."""

    number: int
    of: int


class Shards(TypedDict):
    """Which shards a total has added up."""

    reported: int
    missing: list[int]


class _Every(TypedDict):
    format: int
    vendor: str
    operation: str
    accepted_means: str
    done: str
    dry_run: bool
    rows: int
    accepted: int
    partial: int
    rejected: int
    invalid: int
    skipped: int
    unknown: int
    unsent: int
    duplicates: int
    reasons: list[Reason]
    notes: list[Note]
    warning: str | None
    failure: str | None
    stopped: bool
    stopped_at: int | None
    requests: int
    retries: int
    bytes: int
    seconds: float
    resumed_from: int | None
    rejects_path: str | list[str] | None
    configuration: dict[str, Any]


class PushReport(_Every, total=False):
    """The report of a push, or of all shards of one; of these a push lacks ``shards``, a total all others.

    ``request_id`` is that of a failed push alone.
    """

    limit: Limit
    sample: Sample
    of: int | None
    destination: str | None
    shard: ShardNumber | None
    source_rows: int
    timeline: Throughput
    request_id: str
    verified: Verified
    changed_only: Changes
    lookups: Lookups
    push_log: Logged
    tries: list[int]
    shards: Shards

# SPDX-License-Identifier: Apache-2.0
"""Nights of every kind, for whoever looks at the pages of many pushes."""

from __future__ import annotations

from datetime import timedelta

from past_runs import A_DAY, NOT_FOUND, TOO_LONG, UNCHANGED, Pushed, report_of

from airflow_provider_userattrs.push.model.verdict import Status, Verdict

AWAY = Verdict(Status.UNSENT, "no-connection", "no connection", "Retry.")

#: What a report of another version looks like from here.
OTHER_VERSION = {**report_of(9), "format": 2}


def _nightly(night: int) -> list[Pushed]:
    users = 41_000 + night * 37 % 500
    if night == 9:
        report = report_of(0, (users, AWAY), seconds=31, requests=4, failure="Kahuna is away")
        push = Pushed(report, "failed")
    elif night in (16, 17):
        push = Pushed(report_of(0, (users, UNCHANGED), seconds=22, requests=0))
    elif night == 20:
        push = Pushed(None, "upstream_failed")
    elif night == 21:
        push = Pushed(None, "failed")
    else:
        wrong = (
            [(12 + night, NOT_FOUND)] * (night > 22) + [(3, TOO_LONG)] * (night > 27) + [(240, TOO_LONG)] * (night == 4)
        )
        push = Pushed(report_of(users, *wrong, seconds=410 + night * 7 % 40, requests=users // 100))
    shards = [
        Pushed(
            report_of(1_000, *[(5, NOT_FOUND)] * (shard == 1 and night > 10), vendor="MoEngage", seconds=30 + shard),
            operator="MoEngageSetAttributesOperator",
            task_id="push_shards",
            map_index=shard,
        )
        for shard in range(4)
    ]
    return [push, *shards]


def _hourly(hour: int) -> list[Pushed]:
    report = report_of(500, *[(2, NOT_FOUND)] * (hour == 300), vendor="EngageLab", seconds=3 + hour % 4, requests=5)
    return [Pushed(report, operator="EngageLabSetAttributesOperator")]


def past_nights() -> dict[str, tuple[list[list[Pushed]], timedelta]]:
    """Return DAGs with their runs, the oldest first, and the time between two of them."""
    running = [Pushed(None, "running", "EngageLabSetAttributesOperator")]
    return {
        "nightly_loyalty": ([_nightly(night) for night in range(31)], A_DAY),
        "hourly_points": ([*map(_hourly, range(340)), running], timedelta(hours=1)),
        "first_night": ([[Pushed(report_of(5, (1, NOT_FOUND))), Pushed(OTHER_VERSION, task_id="older")]], A_DAY),
    }

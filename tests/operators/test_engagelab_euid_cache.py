# SPDX-License-Identifier: Apache-2.0
"""Night after night on real Airflow with a cache of EUIDs: look-ups for new users only, and never a wrong user."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
)
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections")

REGISTER = "/engagelab/v1/user/register"

_dags = count(1)


@pytest.fixture
def night(airflow: Any, control: Any, clock: Any, tmp_path: Path) -> Callable[..., Any]:
    """Push rows a day after the last time, with a cache in one folder."""

    def push(users: Any, operator: Any = EngageLabSetAttributesOperator, **parameters: Any) -> Any:
        clock.advance(86_400)
        given = {"user_id": "user_id", "euid_cache": str(tmp_path / "euids"), **parameters}
        return airflow.run(lambda: operator(task_id="push", users=users, **given), dag_id=f"nightly_ids_{next(_dags)}")

    return push


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"user_id": f"u-{number}", "n": number, **more} for number in range(count)]


def lookups(run: Any) -> tuple[int, int, int]:
    """Return the requests, the ids found, and the rows whose users were known."""
    told = run.report["lookups"]
    return told["requests"], told["found"], told["known"]


def test_the_second_night_looks_up_new_users_only(night: Any, control: Any) -> None:
    first = night(rows(2_000))
    assert lookups(first)[1:] == (2_000, 0)
    second = night(rows(2_007))
    assert second.counts == {"accepted": 2_007}
    assert lookups(second) == (1, 7, 2_000)
    assert "7 ids looked up in 1 request, 0 not resolved; the users of 2,000 rows were known" in "\n".join(
        second.log.texts
    )
    third = night(rows(2_007))
    assert lookups(third) == (0, 0, 2_007)
    assert control.user("engagelab", "user_id=u-2006")["updates"] == 2


def test_other_tasks_share_it_but_not_other_ids_or_secrets(
    night: Any, control: Any, connections: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(rows(10))
    contacts = night(rows(10, email="a@example.com"), EngageLabSetContactsOperator, contacts=["email"])
    assert lookups(contacts) == (0, 0, 10)
    assert lookups(night(rows(10), user_id=None, anonymous_id="user_id")) == (1, 10, 0)
    vendor = sandbox.world.vendors["engagelab"]
    monkeypatch.setattr(vendor, "login", vendor.login._replace(password="rotated"))
    connections("engagelab")
    assert lookups(night(rows(10))) == (1, 10, 0)


def test_users_are_looked_up_again_within_30_days_not_all_at_once(night: Any, clock: Any) -> None:
    night(rows(300))
    clock.advance(14 * 86_400)
    found = [lookups(night(rows(300)))[1] for _ in range(17)]
    assert sum(found) >= 300
    assert max(found) < 100


def test_a_shorter_age(night: Any) -> None:
    night(rows(10))
    assert lookups(night(rows(10), euid_max_age=timedelta(days=1)))[1] == 10


def test_what_is_kept_is_private_and_says_nothing_of_users(night: Any, tmp_path: Path) -> None:
    night(rows(300))
    (file,) = (tmp_path / "euids").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    content = file.read_bytes()
    assert b"u-" not in content
    assert b"user_id" not in content


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "deleted", "another format"])
def test_what_is_damaged_is_looked_up_again(night: Any, tmp_path: Path, damage: str) -> None:
    night(rows(300))
    (file,) = (tmp_path / "euids").iterdir()
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[:-1])
    elif damage == "changed":
        file.write_bytes(content[:5_000] + bytes([content[5_000] ^ 1]) + content[5_001:])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "another format":
        other = re.sub(rb'"format": \d', b'"format": 9', content, count=1)
        assert other != content
        file.write_bytes(other)
    else:
        file.unlink()
    run = night(rows(300))
    assert run.counts == {"accepted": 300}
    assert lookups(run)[1:] == (300, 0)
    assert lookups(night(rows(300))) == (0, 0, 300)


def test_a_user_who_is_refused_is_looked_up_again(night: Any, control: Any) -> None:
    night(rows(10))
    control.fault("engagelab", {"code": 55108}, {"users": ["10000004"], "times": None})
    assert night(rows(10)).counts == {"accepted": 9, "rejected": 1}
    control.clear_faults()
    control.seed("engagelab", [{"euid": 77, "user_id": "u-3"}])
    assert lookups(night(rows(10))) == (1, 1, 9)
    assert control.user("engagelab", 77)["properties"] == {"n": 3}


def test_a_failed_push_keeps_what_it_found(night: Any, control: Any) -> None:
    control.fault("engagelab", {"code": 40050}, {"from": 30}, path="/engagelab/v1/user/property")
    assert night(rows(300)).state == "failed"
    control.clear_faults()
    known = lookups(night(rows(300)))[2]
    assert known >= 100


def test_a_dry_run_keeps_nothing_and_knows_what_was_kept(night: Any, control: Any, tmp_path: Path) -> None:
    assert night(rows(5), dry_run=True).counts == {"skipped": 5}
    assert not (tmp_path / "euids").exists()
    night(rows(5))
    before = len(control.journal("engagelab"))
    assert lookups(night(rows(6), dry_run=True)) == (0, 0, 5)
    assert len(control.journal("engagelab")) == before


def test_a_folder_that_cannot_be_listed_is_tried_again(night: Any, tmp_path: Path) -> None:
    (tmp_path / "euids").write_text("no folder")
    run = night(rows(5))
    assert (run.state, run.report["accepted"]) == ("failed", 0)
    assert "euid_cache: the files in its path cannot be listed" in run.report["failure"]


def test_with_changed_only_an_unchanged_night_sends_nothing(
    airflow: Any, control: Any, clock: Any, tmp_path: Path
) -> None:
    control.seed("engagelab", [{"euid": 7, "user_id": ["u-0", "u-1"]}])

    def push(given: Any) -> Any:
        clock.advance(86_400)
        return airflow.run(
            lambda: EngageLabSetAttributesOperator(
                task_id="push",
                users=given,
                user_id="user_id",
                euid_cache=str(tmp_path / "euids"),
                changed_only=ChangedOnly(str(tmp_path / "known")),
            ),
            dag_id="changed_ids",
        )

    assert push(rows(300)).counts == {"accepted": 300}
    assert control.user("engagelab", 7)["properties"] == {"n": 1}
    before = len(control.journal("engagelab"))
    # u-0 and u-1 are one user, who held n=1 at last: the first of them has to be sent, and then the second.
    assert push(rows(300)).counts == {"accepted": 2, "skipped": 298}
    assert len(control.journal("engagelab")) - before == 2
    assert control.user("engagelab", 7)["properties"] == {"n": 1}


def test_shards_each_keep_their_own(
    airflow: Any, control: Any, clock: Any, tmp_path: Path, warehouse: Callable[[int], None]
) -> None:
    warehouse(300)

    def night() -> Any:
        def make() -> None:
            source = SqlRows("SELECT euid AS id, plan FROM users", conn_id="warehouse", key="id")
            push = EngageLabSetAttributesOperator.partial(
                task_id="push", user_id="id", euid_cache=str(tmp_path / "euids")
            ).expand_kwargs(shards(source, 3, by="hash"))
            PushTotalOperator(task_id="total", reports=push.output)

        return airflow.run(make, dag_id="sharded_ids").reports["total"]

    first, second = night(), night()
    assert (first["accepted"], first["lookups"]["found"]) == (300, 300)
    assert (second["accepted"], second["lookups"]["requests"], second["lookups"]["known"]) == (300, 0, 300)

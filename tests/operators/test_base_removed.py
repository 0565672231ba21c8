# SPDX-License-Identifier: Apache-2.0
"""Users who leave the query, on real Airflow and at each vendor's sandbox: what this task set of them is unset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from cases import CASES, Case

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections")

_dags = count(1)


@pytest.fixture
def night(night: Callable[..., Any]) -> Callable[..., Any]:
    """Unset, too, what was set of those who left, if they are no more than half."""

    def push(*users: Any, max_removed: Any = 0.5, only: dict[str, Any] | None = None, **parameters: Any) -> Any:
        return night(*users, only={"removed": "unset", "max_removed": max_removed, **(only or {})}, **parameters)

    return push


def rows(*euids: int) -> list[dict[str, Any]]:
    return [{"euid": euid, "plan": "gold", "age": euid} for euid in euids]


def properties(control: Any) -> dict[str, Any]:
    return {euid: user["properties"] for euid, user in control.users("engagelab").items()}


def removed(run: Any) -> tuple[Any, ...]:
    said = run.report["changed_only"]["removed"]
    return said["left"], said["unset"], said["withheld"]


def test_who_left_the_query_is_unset_once(night: Any, control: Any, counted: Any) -> None:
    night(rows(1, 2, 3, 4))
    run = night(rows(1, 2, 3))
    counted(run.report, 3)
    assert run.counts == {"skipped": 3}
    assert removed(run) == (1, 1, None)
    assert run.report["requests"] == 1
    assert run.report["warning"] is None
    assert "1 user left the query and was unset" in "\n".join(run.log.texts)
    held = properties(control)
    assert held["4"] == {}
    assert held["3"] == {"plan": "gold", "age": 3}
    assert removed(night(rows(1, 2, 3))) == (0, 0, None)
    back = night(rows(1, 2, 3, 4))
    assert back.counts == {"accepted": 1, "skipped": 3}, "who comes back is sent, though nothing in the row changed"
    assert properties(control)["4"] == {"plan": "gold", "age": 4}


def test_nobody_is_unset_unless_it_is_asked_for(night: Any, control: Any, tmp_path: Any) -> None:
    night(rows(1, 2, 3), only={"removed": "ignore"})
    run = night(rows(1, 2), only={"removed": "ignore"})
    assert (run.report["changed_only"]["removed"], run.report["requests"]) == (None, 0)
    (path,) = (tmp_path / "known").iterdir()
    first = path.read_bytes()
    night(rows(1, 2, 7001))
    (path,) = (tmp_path / "known").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert b"7001" not in first
    assert b"[1,2,7001]" in path.read_bytes(), "their ids, and nothing else of them"
    assert b"gold" not in path.read_bytes()
    assert removed(night(rows(1, 2))) == (1, 1, None), "3 had left before it was asked for"


def test_a_dry_run_says_how_many_it_would_unset(night: Any, control: Any, tmp_path: Any) -> None:
    night(rows(1, 2, 3))
    before = {path.name: path.read_bytes() for path in (tmp_path / "known").iterdir()}
    run = night(rows(1, 2), dry_run=True)
    assert removed(run) == (1, 0, None)
    assert "1 user left the query and would be unset" in "\n".join(run.log.texts)
    assert properties(control)["3"] == {"plan": "gold", "age": 3}
    assert {path.name: path.read_bytes() for path in (tmp_path / "known").iterdir()} == before
    many = night(rows(1), dry_run=True)
    assert (
        "2 users left the query and none would be unset, because that is 2 of 3 users known (66.7%)"
        in (many.report["warning"])
    )


def test_more_than_max_removed_are_a_warning(night: Any, control: Any) -> None:
    night(rows(*range(1, 21)))
    run = night(rows(*range(1, 19)), max_removed="5%")
    assert run.state == "success"
    assert removed(run)[:2] == (2, 0)
    assert run.report["warning"] == (
        "2 users left the query and none was unset, because that is 2 of 20 users known (10%) and max_removed allows "
        "5%; check the query, and if it is right, push once with max_removed=2"
    )
    assert run.log.texts.count(run.report["warning"]) == 1
    assert removed(night(rows(*range(1, 19)), max_removed="{{ 1 + 1 }}")) == (2, 2, None)


def test_after_an_empty_query_nobody_is_unset(night: Any, control: Any) -> None:
    night(rows(1, 2))
    run = night([])
    assert removed(run)[:2] == (2, 0)
    assert "2 users left the query and none was unset, because there were no rows" in run.report["warning"]
    assert len(properties(control)["1"]) == 2


def test_after_where_let_nobody_through_nobody_is_unset(night: Any, control: Any) -> None:
    night([{**row, "consented": True} for row in rows(1, 2)], where="consented")
    run = night([{**row, "consented": False} for row in rows(1, 2)], where="consented", on_empty="ok")
    assert removed(run)[:2] == (2, 0)
    assert run.report["warning"] == (
        "2 users left the query and none was unset, because there were no rows to push; check the query and what where "
        "lets through, and if that is right, unset them with the operator that unsets"
    )
    assert len(properties(control)["1"]) == 2


def test_after_a_source_that_broke_nobody_is_unset(night: Any, control: Any) -> None:
    class Broken:
        def rows(self) -> Any:
            yield from rows(1)
            raise OSError("the connection is gone")

    night(rows(1, 2))
    run = night(Broken(), max_removed=1.0)
    assert run.state == "failed"
    assert removed(run) == (None, 0, None)
    assert len(properties(control)["2"]) == 2
    assert removed(night(rows(1))) == (1, 1, None)


def test_an_invalid_row_is_no_leaving(night: Any, control: Any) -> None:
    night(rows(1, 2, 3))
    run = night([*rows(1), {"euid": 2, "plan": {"a": object()}}, {"euid": 3, "plan": None}], max_failed=1.0)
    assert removed(run) == (0, 0, None)
    run = night([*rows(1, 2), {"euid": None, "plan": "gold"}, rows(4)[0]], max_failed=1.0)
    assert removed(run) == (1, 1, None), "a row without an id is nobody's"


def test_of_a_row_that_a_file_has_wrong_the_user_is_there(night: Any, control: Any, tmp_path: Any) -> None:
    def users(*lines: str) -> FileRows:
        (tmp_path / "users.csv").write_text("\n".join(["euid,age", *lines]))
        return FileRows(str(tmp_path / "users.csv"), types={"euid": "integer", "age": "integer"})

    night(users("1,10", "2,20", "3,30"))
    run = night(users("1,11", "2,twenty"), max_failed=1.0)
    assert run.counts == {"accepted": 1, "invalid": 1}
    assert removed(run) == (1, 1, None)
    assert {euid for euid, held in properties(control).items() if held} == {"1", "2"}
    run = night(users("1,12", "2?,20"), max_failed=1.0)
    assert removed(run)[:2] == (1, 0)
    assert "because 1 row could not be read and may be theirs; fix what the reasons name" in run.report["warning"]


def test_whom_where_holds_back_has_left(night: Any, control: Any) -> None:
    everybody = [{**row, "consent": True} for row in rows(1, 2, 3)]
    night(everybody, where="consent")
    run = night(
        [everybody[0], {**everybody[1], "consent": False}, {**everybody[2], "consent": None}],
        where="consent",
        max_removed=1.0,
    )
    assert removed(run) == (2, 2, None)
    assert [euid for euid, held in properties(control).items() if held] == ["1"]
    run = night([{**everybody[0], "consent": False}], where="consent", max_removed=1.0)
    assert removed(run)[:2] == (1, 0), "as after an empty query"


def test_kahuna_removes_what_it_set_and_forgets_whom_it_does_not_know(night: Any, control: Any) -> None:
    people = [{"username": f"user{number}", "email": f"{number}@x.org", "plan": "gold"} for number in range(4)]
    control.seed("kahuna", [{"username": each["username"], "email": each["email"]} for each in people])
    push = {"operator": KahunaSetAttributesOperator, "target": ["username", "email"], "attributes": ["plan"]}
    night(people, **push)
    moved = [{**people[0], "email": "new@x.org"}, {**people[1], "username": None}]
    run = night(moved, max_removed=1.0, **push)
    assert removed(run) == (2, 2, None), "who has one credential as before is there"
    held = {user["credentials"]["username"]: user["attributes"] for user in control.users("kahuna").values()}
    assert held == {"user0": {"plan": "gold"}, "user1": {"plan": "gold"}, "user2": {}, "user3": {}}


def test_a_user_whom_the_vendor_does_not_know_any_more_is_done_with(night: Any, control: Any) -> None:
    night(rows(1, 2, 3))
    control.switch(engagelab__any_user=False)
    control.fault("engagelab", {"body": '{"code": 55108, "message": "invalid"}'}, {"users": [3]})
    run = night(rows(1, 2))
    said = run.report["changed_only"]["removed"]
    assert (said["left"], said["unset"], said["gone"]) == (1, 0, 1)
    assert "1 user left the query, whom the vendor does not know any more" in "\n".join(run.log.texts)
    assert run.report["warning"] is None
    control.clear_faults()
    assert removed(night(rows(1, 2))) == (0, 0, None)


def test_moengage_is_asked_to_unset_and_creates_nobody(night: Any, control: Any) -> None:
    people = [{"customer_id": f"user-{number}", "plan": "gold", "age": 3} for number in range(3)]
    push = {
        "operator": MoEngageSetAttributesOperator,
        "attributes": {"plan": "plan", "years": "age", "by": Constant(1)},
    }
    night(people, **push)
    assert removed(night(people[:2], **push)) == (1, 1, None)
    assert control.users("moengage")["user-2"]["attributes"] == {}
    assert control.users("moengage")["user-1"]["attributes"] == {"plan": "gold", "years": 3, "by": 1}
    control.post("reset")
    assert removed(night(people[:1], **push)) == (1, 1, None)
    assert control.users("moengage") == {}


def test_a_failure_is_a_warning_and_tried_again(night: Any, control: Any) -> None:
    night(rows(1, 2, 3))
    control.fault("engagelab", {"body": '{"code": 55004, "message": "no"}'}, {"users": [3]})
    run = night(rows(1, 2))
    assert run.state == "success"
    assert run.report["warning"] == (
        "1 user left the query and was not unset: 1 x business parameters are invalid (55004) (Check that the "
        "operation fits the attributes' types); the next push tries again"
    )
    control.clear_faults()
    assert removed(night(rows(1, 2))) == (1, 1, None)


def test_a_resumed_try_puts_it_off(night: Any, control: Any, kept: Any) -> None:
    night(rows(*range(1, 22)), **kept)
    changed = [{**row, "plan": "new"} for row in rows(*range(1, 21))]
    control.fault("engagelab", {"status": 503}, {"from": 4, "to": 120})
    run = night(changed, concurrency=1, retries=20, retry_delay=timedelta(0), max_failed=None, **kept)
    assert run.state == "success"
    assert run.report["resumed_from"]
    assert removed(run)[:2] == (None, 0)
    assert "Nobody was looked for who left the query, because this try resumed" in "\n".join(run.log.texts)
    assert removed(night(changed, **kept)) == (1, 1, None)


def test_each_shard_unsets_its_own_and_another_number_of_shards_nobody(
    airflow: Any, control: Any, clock: Any, tmp_path: Any, sqlite: Callable[..., None]
) -> None:
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE people (euid INTEGER, a TEXT)")
    sqlite(*(f"INSERT INTO people VALUES ({number}, 'x')" for number in range(1, 21)))

    def build(n: int = 3) -> Callable[[], None]:
        def make() -> None:
            split = shards(SqlRows("SELECT euid, a FROM people", conn_id="warehouse", key="euid"), n, by="hash")
            push = EngageLabSetAttributesOperator.partial(
                task_id="push", changed_only=ChangedOnly(str(tmp_path), removed="unset", max_removed=0.9)
            ).expand_kwargs(split)
            PushTotalOperator(task_id="total", reports=push.output)

        return make

    dag_id = f"sharded_removal_{next(_dags)}"
    airflow.run(build(), dag_id=dag_id)
    sqlite("DELETE FROM people WHERE euid IN (3, 4, 5, 6)")
    total = airflow.run(build(), dag_id=dag_id).reports["total"]
    assert (total["changed_only"]["removed"]["left"], total["changed_only"]["removed"]["unset"]) == (4, 4)
    assert {euid for euid, held in properties(control).items() if not held} == {"3", "4", "5", "6"}
    sqlite("DELETE FROM people WHERE euid = 7")
    total = airflow.run(build(n=2), dag_id=dag_id).reports["total"]
    assert total["changed_only"]["removed"]["left"] == 0


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_cannot_be_taken_back_is_refused_when_the_dag_is_parsed(case: Case, tmp_path: Any) -> None:
    def make() -> Any:
        only = ChangedOnly(str(tmp_path), removed="unset")
        return case.operator(task_id="push", users=case.rows(2), changed_only=only, **case.parameters)

    if case.operation == "contacts":
        with pytest.raises(ValueError, match="EngageLab has no request that takes back set contacts; use 'ignore'"):
            make()
    elif case.operation == "unset":
        with pytest.raises(ValueError, match="this operator unsets already"):
            make()
    elif case.overwrites:
        assert make().changed_only.removed == "unset"


def test_rejects_are_not_the_whole_query(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="who is not among them has not left the query"):
        EngageLabSetAttributesOperator(
            task_id="push", users=Rejects(str(tmp_path)), changed_only=ChangedOnly(str(tmp_path), removed="unset")
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"removed": "delete"}, "removed is 'delete'; use 'ignore' or 'unset'"),
        ({"max_removed": 1.5}, "changed_only.max_removed is 1.5; give a share of the users known"),
        ({"max_removed": None}, "changed_only.max_removed is None; give a share of the users known"),
        ({"max_removed": "five"}, "changed_only.max_removed is the text 'five'; give a share"),
        ({"max_removed": -1}, "changed_only.max_removed is "),
    ],
    ids=["removed", "share", "None", "text", "negative"],
)
def test_wrong_arguments_are_errors_when_the_dag_is_parsed(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        EngageLabSetAttributesOperator(
            task_id="push", users=rows(1), changed_only=ChangedOnly("/known", **{"removed": "unset", **given})
        )


def test_one_of_several_credentials_in_another_case_is_enough_to_be_there(night: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": "Ada", "email": "ada@x.org"}, {"username": "ada"}, {"username": "bob"}])
    kahuna: dict[str, Any] = {"operator": KahunaSetAttributesOperator, "target": ["username", "email"]}
    first = [{"username": "Ada", "email": "ada@x.org", "plan": "a"}, {"username": "bob", "email": None, "plan": "a"}]
    night(first, **kahuna)
    run = night([{"username": "ada", "email": None, "plan": "a"}, first[1]], **kahuna)
    assert run.counts == {"accepted": 1, "skipped": 1}
    assert removed(run) == (0, 0, None)

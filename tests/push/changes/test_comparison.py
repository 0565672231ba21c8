# SPDX-License-Identifier: Apache-2.0
"""Which updates are let through, when the journal is written, and what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from threading import Event
from typing import Any

import pytest
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push.changes import comparison as module
from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import UNCHANGED
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.push import Push

SECRET = b"s" * 32
REFUSED = Verdict(Status.REJECTED, "400", "refused", "Mend.")


def update(position: int, user: Any, *keys: Any, unset: Any = (), **attributes: Any) -> UserUpdate:
    return UserUpdate(position, user, keys or (user,), attributes, unset, {})


@pytest.fixture
def comparison(known_files: Any, clock: Any) -> Callable[..., Comparison]:
    return lambda **options: Comparison(known_files(), options.pop("secret", SECRET), clock=clock, **options)


def select(
    comparison: Comparison, updates: Iterable[UserUpdate | Outcome], stopping: Event | None = None
) -> Iterator[UserUpdate | Outcome]:
    """Compare updates that come one by one."""
    return chain.from_iterable(comparison.select(([each] for each in updates), stopping or Event()))


def push(comparison: Comparison, *updates: UserUpdate, verdict: Verdict = ACCEPTED) -> list[int]:
    """Push updates and return the positions of those let through."""
    sent = [each for each in select(comparison, updates) if isinstance(each, UserUpdate)]
    comparison.record(sent, [verdict] * len(sent))
    comparison.close(complete=True)
    return [each.position for each in sent]


@pytest.mark.parametrize(
    ("first", "second", "is_sent"),
    [
        ({"a": 1, "b": "x"}, {"b": "x", "a": 1}, False),
        ({"a": 1}, {"a": 2}, True),
        ({"a": 1}, {"a": 1, "b": 1}, True),
        ({"a": 1, "b": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": True}, True),
        ({"a": 1}, {"a": "1"}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, True),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, False),
        ({"a": 2**70}, {"a": 2**70}, False),
        ({"a": 2**70}, {"a": 2**70 + 1}, True),
        ({"unset": ("a",)}, {"unset": ["a"]}, False),
        ({"unset": ("a",)}, {"a": 1, "unset": ()}, True),
    ],
)
def test_an_update_is_sent_if_it_says_something_else(comparison: Any, first: Any, second: Any, is_sent: bool) -> None:
    push(comparison(), update(0, "u", **first))
    assert push(comparison(), update(0, "u", **second)) == ([0] if is_sent else [])


def test_with_all_its_keys_a_user_is_known(comparison: Any) -> None:
    """Kahuna names a user by several credentials; rows that share one are of one user."""
    push(
        comparison(), update(0, "u", ("id", "1"), ("email", "a"), x=1), update(1, "u", ("id", "1"), ("email", "b"), x=2)
    )
    again = [update(0, "u", ("id", "1"), ("email", "a"), x=1), update(1, "u", ("id", "1"), ("email", "b"), x=2)]
    assert push(comparison(), *again) == [0, 1], "the second is what the vendor holds; after the first it does not"


def test_while_a_later_update_is_on_its_way_an_earlier_one_teaches_nothing(comparison: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_MAX_CHANGED", 1)
    one = comparison()
    selected = select(one, [update(0, "u", x=1), update(1, "u", x=2), update(2, "u", x=1)])
    first, _ = next(selected), next(selected)
    one.record([first], [ACCEPTED])
    assert isinstance(next(selected), UserUpdate), "the vendor will hold 2, and must then be told 1"


def test_the_journal_is_written_before_anything_is_sent(comparison: Any, folder: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_MAX_CHANGED", 2)
    selected = select(comparison(), (update(number, number, x=1) for number in range(5)))
    for number in range(5):
        next(selected)
        assert len(folder.files) == number // 2 + 1
    selected = select(comparison(), (update(number, number, x=2) for number in range(2)))
    folder.writes_left = 0
    with pytest.raises(RetryLater, match="what is sent cannot be noted"):
        next(selected)


def test_a_slow_source_is_not_waited_for(comparison: Any, clock: Any) -> None:
    read = []

    def slowly() -> Any:
        for number in range(9):
            clock.advance(0.3)
            read.append(number)
            yield update(number, number, x=1)

    next(select(comparison(), slowly()))
    assert len(read) == 5, "what a second brought"


def test_after_a_stop_nothing_is_noted(comparison: Any, folder: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_MAX_CHANGED", 2)
    stopping = Event()
    selected = select(comparison(), (update(number, number, x=1) for number in range(9)), stopping)
    next(selected)
    stopping.set()
    assert [each.position for each in selected] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(folder.files) == 1


def test_outcomes_pass_in_their_order(comparison: Any) -> None:
    push(comparison(), update(0, "a", x=1))
    invalid = Outcome(1, REFUSED, {})
    rows = list(select(comparison(), [update(0, "a", x=1), invalid, update(2, "b", x=1)]))
    assert [row.position for row in rows] == [0, 1, 2]
    assert rows[0].verdict is UNCHANGED  # type: ignore[union-attr]
    assert rows[1] is invalid


def test_a_full_refresh_sends_all_and_says_so(comparison: Any) -> None:
    push(comparison(), update(0, "u", x=1))
    full = comparison(full_refresh=True)
    assert push(full, update(0, "u", x=1)) == [0]
    assert full.as_dict()["full"] == "full_refresh is True"
    assert push(comparison(), update(0, "u", x=1)) == []


def test_digests_need_the_secret(comparison: Any, known_files: Any, folder: Any) -> None:
    digests = []
    for secret in (SECRET, b"t" * 32):
        folder.files.clear()
        push(comparison(secret=secret), update(0, "ada@example.com", mail="ada@example.com"))
        (content,) = folder.files.values()
        assert b"ada@example" not in content
        digests += [word for entry in known_files().load().table.items() for word in entry]
    assert len(set(digests)) == 4


def test_what_cannot_be_kept_at_the_end_is_told(comparison: Any, folder: Any) -> None:
    told: list[Exception] = []
    one = comparison(on_failure=told.append)
    list(select(one, [update(0, "u", x=1)]))
    folder.writes_left = 0
    one.record([update(0, "u", x=1)], [ACCEPTED])
    one.close(complete=True)
    assert [type(error) for error in told] == [OSError]
    folder.writes_left = None
    assert push(comparison(), update(0, "u", x=1)) == [0], "it is sent again"


def test_what_a_checkpoint_passes_over_is_known(comparison: Any, known_files: Any, clock: Any) -> None:
    """Its rows are not read again; if the task is killed right after it, nobody else says that they were accepted."""
    passed: list[tuple[int, int]] = []

    class Store:
        def read(self) -> None:
            return None

        def write(self, state: dict[str, Any]) -> None:
            known = dict(known_files().load(writes=False).table.items())
            passed.append((state["counts"]["counts"].get("accepted", 0), sum(map(bool, known.values()))))

        def delete(self) -> None:
            pass

    def send(body: bytes, *, before_send: Any = None) -> Response:
        clock.advance(3)
        return Response(200, {}, b"")

    plan = PushPlan(
        operation(encode=lambda each: b"1", read=lambda response, users: [ACCEPTED] * len(users), max_users=2),
        comparison=comparison(),
        store=Store(),
        concurrency=1,
        clock=clock,
    )
    Push(plan).run((update(number, number, x=1) for number in range(9)), send)
    assert len(passed) > 2
    assert all(accepted <= known for accepted, known in passed), passed


def test_of_users_who_are_looked_up_one_whose_row_is_not_sent_is_there(known_files: Any, clock: Any) -> None:
    def night(*rows: Any) -> Any:
        files = known_files()
        files._keeps_ids = True
        options: dict[str, Any] = {"max_removed": 1.0, "attributes": lambda: ("x",), "looks_up": True}
        one = Comparison(files, SECRET, clock=clock, **options)
        sent = [each for each in select(one, rows) if isinstance(each, UserUpdate)]
        one.record(sent, [ACCEPTED] * len(sent))
        removal = one.removal
        assert removal is not None
        removal.find(is_whole=True, rows=len(rows), has_failed=False)
        left = [(each.user, each.keys) for each in removal.updates()]
        one.close(complete=True)
        return left

    assert night(*(update(at, name, at + 100, x=1) for at, name in enumerate(["ada", "bob", "eve"]))) == []
    invalid = Outcome(1, REFUSED, {}, None, ("bob",))
    assert night(update(0, "ada", 100, x=1), invalid) == [("eve", (102,))]


def test_a_new_user_of_whom_one_row_is_accepted_and_a_later_one_refused_may_be_unset(
    known_files: Any, clock: Any
) -> None:
    def night(rows: list[UserUpdate], verdicts: list[Verdict]) -> list[Any]:
        files = known_files()
        files._keeps_ids = True
        one = Comparison(files, SECRET, clock=clock, max_removed=1.0, attributes=lambda: ("x",))
        sent: Any = list(select(one, rows))
        one.record(sent, verdicts)
        assert one.removal is not None
        one.removal.find(is_whole=True, rows=1, has_failed=False)
        left = [each.user for each in one.removal.updates()]
        one.close(complete=True)
        return left

    assert night([update(0, "u", x=1), update(1, "u", x=2), update(2, "no", x=1)], [ACCEPTED, REFUSED, REFUSED]) == []
    assert night([update(0, "v", x=1)], [ACCEPTED]) == ["u"]

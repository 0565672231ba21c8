# SPDX-License-Identifier: Apache-2.0
"""Batches: the limits kept to the byte, nothing lost, nothing out of order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from push.delivery import fake_vendor

from airflow_provider_userattrs.push.delivery.batching import Batch, Batcher
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Status, Verdict


def operation(**limits: Any) -> Operation:
    """Return an operation whose updates take as many bytes as their attribute ``x`` has letters."""
    return fake_vendor.operation(encode=lambda update: update.attributes["x"].encode(), **limits)


def fill(batcher: Batcher, updates: list[UserUpdate]) -> list[Batch]:
    batches = []
    for update in updates:
        if batch := batcher.add(update, batcher.encode(update)):
            batches.append(batch)
    if batch := batcher.flush():
        batches.append(batch)
    return batches


class TestBatcher:
    @settings(max_examples=400)
    @given(
        sizes=st.lists(st.integers(1, 30), max_size=60),
        max_users=st.integers(1, 12),
        max_bytes=st.one_of(st.none(), st.integers(34, 120)),
        frame=st.sampled_from([(b"", b""), (b"[", b"]"), (b'{"users":[', b"]}")]),
    )
    def test_keeps_both_limits_loses_nothing_and_fills_up(
        self,
        update: Callable[..., UserUpdate],
        sizes: list[int],
        max_users: int,
        max_bytes: int | None,
        frame: tuple[bytes, bytes],
    ) -> None:
        head, tail = frame
        max_bytes = max_bytes and max_bytes + len(head) + len(tail)
        target = operation(max_users=max_users, max_bytes=max_bytes, head=head, tail=tail)
        updates = [update(position, x="x" * size) for position, size in enumerate(sizes)]
        batches = fill(Batcher(target), updates)

        assert [one for batch in batches for one in batch.updates] == updates
        for batch, after in zip(batches, [*batches[1:], None], strict=False):
            body = batch.body(target)
            assert body == head + b",".join(one.attributes["x"].encode() for one in batch.updates) + tail
            assert 1 <= len(batch) == len(batch.updates) == len(batch.items) <= max_users
            assert max_bytes is None or len(body) <= max_bytes
            if after:  # one more would have been too many
                over = max_bytes is not None and len(body) + 1 + len(after.items[0]) > max_bytes
                assert len(batch) == max_users or over

    @settings(max_examples=300)
    @given(
        sizes=st.lists(st.integers(1, 30), max_size=60),
        chunks=st.lists(st.integers(1, 20), max_size=12),
        max_users=st.one_of(st.none(), st.integers(2, 12)),
        max_bytes=st.one_of(st.none(), st.integers(25, 120)),
        together=st.booleans(),
    )
    def test_many_at_once_make_the_same_batches_as_one_by_one(
        self,
        update: Callable[..., UserUpdate],
        sizes: list[int],
        chunks: list[int],
        max_users: int | None,
        max_bytes: int | None,
        together: bool,
    ) -> None:
        target = operation(max_users=max_users, max_bytes=max_bytes, head=b"[", tail=b"]")
        if together:
            target = replace(target, encode_all=lambda updates: b",".join(map(target.encode, updates)))
        updates = [update(position, x="x" * size) for position, size in enumerate(sizes)]
        fit = [one for one in updates if max_bytes is None or len(one.attributes["x"]) + 2 <= max_bytes]
        expected = fill(Batcher(target), fit)

        batcher, found, rest = Batcher(target), list[Batch | None](), list(updates)
        for size in (*chunks, *[20] * len(sizes)):
            some = rest[: min(size, batcher.room)]
            complete, added = batcher.add_all(some) if some else ([], 0)
            found += complete
            if not added and some:  # one exceeds the limit by itself
                added = len(some)
                found += [batcher.add(one, batcher.encode(one)) for one in some if one in fit]
            rest = rest[added:]
        assert not rest
        found.append(batcher.flush())
        assert [batch.body(target) for batch in found if batch] == [batch.body(target) for batch in expected]

    @pytest.mark.parametrize(("size", "fits"), [(98, True), (99, False)], ids=["exactly", "one-byte-over"])
    def test_a_single_update_is_checked_against_the_byte_limit(
        self, update: Callable[..., UserUpdate], size: int, fits: bool
    ) -> None:
        batcher = Batcher(operation(max_users=5, max_bytes=100))
        alone = update(0, x="x" * size)
        if fits:
            [batch] = fill(batcher, [alone])
            assert len(batch.body(operation())) == 100
        else:
            with pytest.raises(InvalidRow) as raised:
                batcher.encode(alone)
            verdict = raised.value.verdict
            assert (verdict.status, verdict.meaning) == (Status.INVALID, "update over 100 bytes")
            assert verdict.remedy.endswith(".")

    @settings(max_examples=100)
    @given(sizes=st.lists(st.integers(1, 50), min_size=1, max_size=300))
    def test_where_only_bytes_limit_it_a_batch_is_full_to_95_percent(
        self, update: Callable[..., UserUpdate], sizes: list[int]
    ) -> None:
        target = operation(max_users=None, max_bytes=1_000)
        batches = fill(Batcher(target), [update(position, x="x" * size) for position, size in enumerate(sizes)])
        assert sum(map(len, batches)) == len(sizes)
        lengths = [len(batch.body(target)) for batch in batches]
        assert max(lengths) <= 1_000
        assert all(length >= 949 for length in lengths[:-1]), "one more update of at most 50 bytes would have fitted"

    @pytest.mark.parametrize(("second", "batches"), [(47, 1), (48, 2)], ids=["exactly", "one-byte-over"])
    def test_the_comma_counts(self, update: Callable[..., UserUpdate], second: int, batches: int) -> None:
        batcher = Batcher(operation(max_users=5, max_bytes=100))
        assert len(fill(batcher, [update(0, x="x" * 50), update(1, x="x" * second)])) == batches

    def test_bytes_count_and_not_letters(self, update: Callable[..., UserUpdate]) -> None:
        batcher = Batcher(operation(max_bytes=102))
        assert batcher.encode(update(0, x="é" * 50))
        with pytest.raises(InvalidRow):
            batcher.encode(update(0, x="é" * 51))

    def test_an_update_that_is_refused_leaves_no_trace(self, update: Callable[..., UserUpdate]) -> None:
        batcher = Batcher(operation(max_users=2, max_bytes=100))
        batcher.add(update(0, x="a"), b"a")
        with pytest.raises(InvalidRow):
            batcher.encode(update(1, x="x" * 200))
        batch = batcher.flush()
        assert batch is not None
        assert batch.items == [b"a"]
        assert batcher.flush() is None

    def test_nothing_to_flush(self) -> None:
        assert Batcher(operation()).flush() is None

    @pytest.mark.parametrize(
        ("attributes", "code", "attribute"),
        [
            pytest.param({"fine": "a", "bad": "\ud800"}, "not-utf-8", "bad", id="lone-surrogate"),
            pytest.param({"fine": "a", "bad": ["a", "\udfff"]}, "not-utf-8", "bad", id="lone-surrogate-in-list"),
            pytest.param({"fine": 1, "bad": 2**64}, "number-too-large", "bad", id="over-64-bits"),
            pytest.param({"fine": 1, "bad": -(2**63) - 1}, "number-too-large", "bad", id="under-64-bits"),
            pytest.param({"fine": 1, "bad": {"a": [1, 2**64]}}, "number-too-large", "bad", id="nested"),
            pytest.param({"fine": 1, "bad": {"\ud800": 1}}, "not-utf-8", "bad", id="surrogate-in-a-key"),
            pytest.param({"fine": 1, "bad": object()}, "unconvertible", "bad", id="no-json"),
        ],
    )
    def test_what_cannot_be_written_is_invalid_by_name(
        self, update: Callable[..., UserUpdate], attributes: dict[str, Any], code: str, attribute: str
    ) -> None:
        target = fake_vendor.operation(encode=lambda one: orjson.dumps(one.attributes))
        with pytest.raises(InvalidRow) as raised:
            Batcher(target).encode(update(0, **attributes))
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code, verdict.attribute) == (Status.INVALID, code, attribute)

    def test_a_user_that_cannot_be_written_is_invalid(self, update: Callable[..., UserUpdate]) -> None:
        target = fake_vendor.operation(encode=lambda one: orjson.dumps(one.user))
        with pytest.raises(InvalidRow) as raised:
            Batcher(target).encode(update(0, user="a\ud800"))
        assert raised.value.verdict.code == "not-utf-8"
        with pytest.raises(InvalidRow) as raised:
            Batcher(target).encode(UserUpdate(0, {"email": "\ud800"}, (), {"a": 1}, (), {}))
        assert raised.value.verdict.code == "not-utf-8"

    @pytest.mark.parametrize("error", [RuntimeError, ValueError, KeyError, RecursionError, ZeroDivisionError])
    def test_whatever_an_encoder_raises_is_the_row_s_alone(
        self, update: Callable[..., UserUpdate], error: type[Exception]
    ) -> None:
        def encode(_: UserUpdate) -> bytes:
            raise error("secret of the row")

        with pytest.raises(InvalidRow) as raised:
            Batcher(fake_vendor.operation(encode=encode)).encode(update(0))
        assert raised.value.verdict.status is Status.INVALID
        assert "secret" not in f"{raised.value} {raised.value.verdict}"

    @pytest.mark.parametrize("user", [7, "ada"])
    def test_a_user_is_not_blamed_for_what_else_the_encoder_stumbles_over(self, user: object) -> None:
        target = fake_vendor.operation(encode=lambda one: orjson.dumps(dict.fromkeys(one.unset)))
        bad = UserUpdate(0, user, (user,), {}, ("\ud800",) if user == 7 else (object(),), {})  # type: ignore[arg-type]
        with pytest.raises(InvalidRow) as raised:
            Batcher(target).encode(bad)
        assert raised.value.verdict.code == ("not-utf-8" if user == 7 else "unconvertible")


class TestBatch:
    @given(size=st.integers(2, 100))
    def test_two_halves_hold_all_updates(self, update: Callable[..., UserUpdate], size: int) -> None:
        verdicts = [Verdict(Status.UNKNOWN, str(position)) for position in range(size)]
        batch = Batch(
            [update(position) for position in range(size)], [b"%d" % position for position in range(size)], 3, verdicts
        )
        refused = Verdict(Status.REJECTED, "400")
        left, right = batch.halves(refused)
        assert left.refused == right.refused == refused
        assert [*left.updates, *right.updates] == batch.updates
        assert [*left.items, *right.items] == batch.items
        assert [*(left.verdicts or ()), *(right.verdicts or ())] == verdicts
        assert left.attempt == right.attempt == 3
        assert abs(len(left) - len(right)) <= 1
        assert len(left) >= 1

    def test_pick_keeps_each_update_with_its_part_and_verdict(self, update: Callable[..., UserUpdate]) -> None:
        updates = [update(position) for position in range(4)]
        verdicts = [Verdict(Status.UNKNOWN, str(position)) for position in range(4)]
        picked = Batch(updates, [b"0", b"1", b"2", b"3"], 1, verdicts).pick([1, 3])
        assert picked.updates == [updates[1], updates[3]]
        assert picked.items == [b"1", b"3"]
        assert picked.verdicts == [verdicts[1], verdicts[3]]
        assert picked.attempt == 1
        assert Batch(updates, [b""] * 4).pick([0]).verdicts is None

    @given(sizes=st.lists(st.integers(1, 20), min_size=1, max_size=5), data=st.data())
    def test_updates_encoded_together_can_be_sent_apart_and_in_another_order(
        self, update: Callable[..., UserUpdate], sizes: list[int], data: st.DataObject
    ) -> None:
        target = fake_vendor.operation(max_users=sum(sizes) + 1)
        updates = [update(position, x=position) for position in data.draw(st.permutations(range(sum(sizes))))]
        batcher, rest = Batcher(target), list(updates)
        for size in sizes:
            some, rest = rest[:size], rest[size:]
            if data.draw(st.booleans()):
                assert batcher.add_all(some) == ([], size)
            else:
                assert [batcher.add(one, batcher.encode(one)) for one in some] == [None] * size
        batcher.is_mixed = data.draw(st.booleans())
        expected = sorted(updates, key=lambda one: one.position) if batcher.is_mixed else updates
        batch = batcher.flush()
        assert batch is not None
        assert batch.updates == expected
        picked = data.draw(st.lists(st.sampled_from(range(sum(sizes))), unique=True, min_size=1).map(sorted))
        for part, ones in ((batch, expected), (batch.pick(picked), [expected[index] for index in picked])):
            assert part.body(target) == b"[" + b",".join(map(target.encode, ones)) + b"]"

    def test_an_update_that_cannot_be_encoded_leaves_all_to_be_encoded_one_by_one(
        self, update: Callable[..., UserUpdate]
    ) -> None:
        assert Batcher(fake_vendor.operation(max_users=3)).add_all([update(0), update(1, x=object())]) == ([], 0)

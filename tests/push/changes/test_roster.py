# SPDX-License-Identifier: Apache-2.0
"""The users whose ids are kept: any number of them, in blocks."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.changes import roster
from airflow_provider_userattrs.push.changes.roster import BLOCK, Listed, Roster

WORDS = st.integers(1, 2**64 - 1)
IDS = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**64 - 1))
USERS = st.tuples(
    st.lists(WORDS, min_size=1, max_size=3).map(tuple), st.one_of(IDS, st.dictionaries(st.sampled_from("ab"), IDS))
)


@given(st.lists(st.lists(USERS, max_size=5), max_size=5))
def test_what_is_written_is_read(blocks: list[list[Listed]]) -> None:
    file = io.BytesIO()
    roster.write(file.write, blocks)
    file.seek(0)
    assert list(roster.read(file.read)) == [block for block in blocks if block]


def test_what_is_cut_short_is_an_error() -> None:
    file = io.BytesIO()
    roster.write(file.write, [[((1,), "ada")]])
    for length in range(len(file.getvalue())):
        cut = io.BytesIO(file.getvalue()[:length])
        with pytest.raises(Exception):  # noqa: B017, PT011
            list(roster.read(cut.read))


def test_many_users_are_in_a_file_and_few_are_not() -> None:
    users: list[Any] = [((number, number + 1), {"username": str(number)}) for number in range(1, 3 * BLOCK)]
    one = Roster()
    for start in range(0, len(users), 700):
        one.add(users[start : start + 700])
        if start == 1400:  # it may be read in between
            assert [user for block in one.blocks() for user in block] == users[:2100]
    assert [user for block in one.blocks() for user in block] == users
    assert one.count == len(users)
    one.close()


def test_who_cannot_be_sent_is_left_out() -> None:
    file = io.BytesIO(roster.encode([((1,), "ada"), ((2,), "\ud800"), ((3,), "bob")]))
    assert list(roster.read(file.read, ends=False)) == [[((1,), "ada"), ((3,), "bob")]]


@pytest.mark.parametrize(
    ("user", "keys", "is_alone"),
    [
        (7, (7,), True),
        ("ada", ("ada",), True),
        ({"username": "ada", "email": "a@x.org"}, (("username", "ada"), ("email", "a@x.org")), True),
        ("ada", (1583149262571991634,), False),
        ({"username": "ada"}, (("email", "a@x.org"),), False),
    ],
)
def test_a_user_and_its_keys_come_back(user: Any, keys: Any, is_alone: bool) -> None:
    value = roster.packed(user, keys)
    assert (value == user) is is_alone
    assert roster.unpacked(orjson.loads(orjson.dumps(value))) == (user, keys)


def test_a_user_takes_9_bytes_and_the_id() -> None:
    users: list[Any] = [((number,), f"customer-{number:08}") for number in range(1, 1_001)]
    assert len(roster.encode(users)) / 1_000 < 9 + len('"customer-00000000",') + 0.1

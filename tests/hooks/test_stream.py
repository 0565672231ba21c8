# SPDX-License-Identifier: Apache-2.0
"""A socket with deadlines: what it waits for, and for how long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from airflow_provider_userattrs.hooks.stream import Stream, time_left

#: More than a system takes in for a program that does not read.
LARGE = b" " * (16 << 20)


@pytest.fixture
def pair() -> Iterator[tuple[Stream, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield Stream(ours), theirs
    ours.close()
    theirs.close()


def soon() -> float:
    return monotonic() + 0.01


def later() -> float:
    return monotonic() + 60


def test_what_comes_is_received(pair: tuple[Stream, socket.socket]) -> None:
    stream, theirs = pair
    assert stream.received() is None
    theirs.sendall(b"some")
    assert stream.receive(later()) == b"some"
    theirs.sendall(b"more")
    assert stream.received() == b"more"
    theirs.close()
    assert stream.received() == b""
    assert stream.receive(later()) == b""


def test_nothing_comes_in_time(pair: tuple[Stream, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        pair[0].receive(soon())


def test_no_room_in_time(pair: tuple[Stream, socket.socket]) -> None:
    stream, _ = pair
    assert 0 < stream.send(LARGE, later()) < len(LARGE)
    with pytest.raises(TimeoutError):
        stream.send(LARGE, soon())


def test_a_deadline_further_away_than_the_system_can_count(pair: tuple[Stream, socket.socket]) -> None:
    stream, theirs = pair
    theirs.sendall(b"some")
    assert stream.receive(monotonic() + 1e9) == b"some"


def test_it_waits_for_room(pair: tuple[Stream, socket.socket]) -> None:
    stream, theirs = pair
    got: list[int] = []

    def read() -> None:
        while sum(got) < len(LARGE):
            got.append(len(theirs.recv(1 << 20)))

    thread = threading.Thread(target=read)
    thread.start()
    left = memoryview(LARGE)
    while left:
        left = left[stream.send(left, later()) :]
    thread.join(60)
    assert sum(got) == len(LARGE)


def test_while_there_is_room_nothing_is_waited_for(pair: tuple[Stream, socket.socket]) -> None:
    stream, theirs = pair
    assert stream.received_before_room(later()) is None
    theirs.sendall(b"no")
    assert stream.received_before_room(later()) == b"no"


def test_a_deadline_that_has_passed() -> None:
    assert 0 < time_left(later()) <= 60
    with pytest.raises(TimeoutError):
        time_left(monotonic())

# SPDX-License-Identifier: Apache-2.0
"""The users of whom a vendor may hold something from a push: their digests, and how a request names them."""

from __future__ import annotations

import os
import struct
import tempfile
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import IO, Any, TypeAlias

import orjson

#: The digests of what identifies a user, the first one first, and the user as a request names it.
Listed: TypeAlias = tuple[tuple[int, ...], Any]

#: How many users, digests and bytes of JSON follow.
_HEAD = struct.Struct("<III")

_END = _HEAD.pack(0, 0, 0)

#: Users in a block of the file, at least.
BLOCK = 1_000


class Roster:
    """Users with their ids, in blocks, in a temporary file once they are many: so they take no memory."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._rest: list[Listed] = []
        #: How many users were added.
        self.count = 0

    def add(self, users: Sequence[Listed]) -> None:
        """Add users."""
        self.count += len(users)
        self._rest += users
        if len(self._rest) >= BLOCK:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="userattrs-")  # noqa: SIM115 (`close` closes it)
            self._file.seek(0, os.SEEK_END)
            self._file.write(encode(self._rest))
            self._rest.clear()

    def blocks(self) -> Iterator[list[Listed]]:
        """Yield the users in blocks; none may be added meanwhile."""
        if self._file is not None:
            self._file.seek(0)
            yield from read(self._file.read, ends=False)
        if self._rest:
            yield self._rest

    def close(self) -> None:
        """Free the file."""
        if self._file is not None:
            self._file.close()


def packed(user: Any, keys: tuple[Hashable, ...]) -> Any:
    """Return a user and what identifies it as one JSON value: the user alone, if the keys follow from it.

    :param user: the user as a request names it; no list.
    :param keys: what identifies the user.
    """
    return user if keys == _keys_of(user) else [user, keys]


def unpacked(value: Any) -> tuple[Any, tuple[Hashable, ...]]:
    """Return the user and the keys of which `packed` made a value."""
    if not isinstance(value, list):
        return value, _keys_of(value)
    user, keys = value
    return user, tuple(tuple(key) if isinstance(key, list) else key for key in keys)


def _keys_of(user: Any) -> tuple[Hashable, ...]:
    return tuple(user.items()) if isinstance(user, dict) else (user,)


def encode(users: Sequence[Listed]) -> bytes:
    """Return a block of users as bytes: 9 bytes each, if one thing identifies a user, and the id.

    Users who cannot be sent, such as those with half a surrogate pair in the id, are left out.
    """
    try:
        ids = orjson.dumps([user for _, user in users])
    except TypeError:
        return encode([user for user in users if _is_sendable(user)])
    digests = array("Q", [digest for each, _ in users for digest in each])
    counts = bytes(len(each) for each, _ in users)
    return b"".join((_HEAD.pack(len(users), len(digests), len(ids)), counts, digests.tobytes(), ids))


def _is_sendable(user: Listed) -> bool:
    try:
        orjson.dumps(user[1])
    except TypeError:
        return False
    return True


def write(write: Callable[[bytes], Any], blocks: Iterable[Sequence[Listed]]) -> None:
    """Write blocks, and that there is no further one."""
    for block in blocks:
        if block:
            write(encode(block))
    write(_END)


def read(read: Callable[[int], bytes], *, ends: bool = True) -> Iterator[list[Listed]]:
    """Yield the blocks that `write` wrote.

    :param read: returns so many bytes, and fewer only at the end.
    :param ends: whether the last block says so; else the file ends with it.
    :raises struct.error: if they are cut short.
    """
    while head := read(_HEAD.size):
        count, words, size = _HEAD.unpack(head)
        if not count:
            return
        counts = read(count)
        digests = array("Q", read(8 * words))
        users = orjson.loads(read(size))
        if words == count:
            yield list(zip(zip(digests, strict=True), users, strict=True))
            continue
        at, block = 0, []
        for length, user in zip(counts, users, strict=True):
            block.append((tuple(digests[at : at + length]), user))
            at += length
        yield block
    if ends:
        raise EOFError

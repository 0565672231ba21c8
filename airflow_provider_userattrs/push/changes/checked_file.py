# SPDX-License-Identifier: Apache-2.0
"""A file of one line of JSON and a content, with a digest of both at its end: what is damaged is noticed."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from typing import IO, Any

_DIGEST_SIZE = 16
_MAX_HEAD_LENGTH = 1 << 20  # bytes


class Damaged(ValueError):
    """Raised when a file is not as it was written."""


class Checked:
    """A file whose bytes are digested as they pass.

    :param file: the file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = blake2b(digest_size=_DIGEST_SIZE)

    def read_head(self) -> dict[str, Any]:
        """Return the first line.

        :raises Damaged: if it is no JSON dict.
        """
        line = self._file.readline(_MAX_HEAD_LENGTH)
        self._digest.update(line)
        try:
            return dict(json.loads(line))
        except (TypeError, ValueError) as error:
            raise Damaged from error

    def read_into(self, buffer: memoryview) -> None:
        """Fill a buffer of bytes.

        :raises Damaged: if there are fewer.
        """
        at = 0
        while at < len(buffer):
            data = self._file.read(min(len(buffer) - at, 1 << 20))
            if not data:
                raise Damaged
            buffer[at : at + len(data)] = data
            self._digest.update(data)
            at += len(data)

    def read(self, size: int) -> bytes:
        """Return so many bytes.

        :raises Damaged: if there are fewer.
        """
        data = bytearray(size)
        self.read_into(memoryview(data))
        return bytes(data)

    def read_words(self, count: int) -> array[int]:
        """Return 64-bit words.

        :raises Damaged: if there are fewer.
        """
        if count < 0:
            raise Damaged
        words = array("Q", bytes(8 * count))
        self.read_into(memoryview(words).cast("B"))
        return words

    def write(self, data: Any) -> None:
        """Write bytes."""
        self._digest.update(data)
        self._file.write(data)

    def end(self) -> None:
        """Write the digest."""
        self._file.write(self._digest.digest())

    def check_end(self) -> None:
        """Read the digest.

        :raises Damaged: if it is another one.
        """
        if self._file.read() != self._digest.digest():
            raise Damaged


@contextmanager
def writing(opening: AbstractContextManager[IO[bytes]], head: Mapping[str, Any]) -> Iterator[Checked]:
    """Write a file.

    :param opening: opens it; it is there once it is closed without an error.
    :param head: its first line.
    """
    with opening as file:
        target = Checked(file)
        target.write(json.dumps(head).encode() + b"\n")
        yield target
        target.end()


@contextmanager
def reading(opening: AbstractContextManager[IO[bytes]]) -> Iterator[tuple[dict[str, Any], Checked]]:
    """Read a file to its end.

    :raises Damaged: if it is not as it was written.
    """
    with opening as file:
        source = Checked(file)
        yield source.read_head(), source
        source.check_end()


def read_head(opening: AbstractContextManager[IO[bytes]]) -> dict[str, Any]:
    """Return a file's first line alone, not yet checked.

    :raises Damaged: if it is no JSON dict.
    """
    with opening as file:
        return Checked(file).read_head()

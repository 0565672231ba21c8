# SPDX-License-Identifier: Apache-2.0
"""Lines of a file that is open for reading bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from operator import length_hint
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.rejects.lines import BEGIN as REJECTS_BEGIN

#: Bytes read at once.
_CHUNK = 1 << 18

#: Longest line that is read, in bytes. No vendor takes a request of that size, and a file without line ends is no file
#: of lines.
MAX_LINE = 16 << 20

BOM = b"\xef\xbb\xbf"

#: First bytes of a file -> what the file is, if it is not UTF-8 text.
_SIGNATURES = {
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"\x1f\x8b": "compressed with gzip, and its name does not end with .gz",
    b"BZh9": "compressed with bzip2, and its name does not end with .bz2",
    b"\xfd7zXZ\0": "compressed with xz, and its name does not end with .xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd, and its name does not end with .zst",
    b"PK\x03\x04": "a .zip or Excel file, by its first bytes",
    b"PAR1": "a Parquet file, by its first bytes",
}
_SAMPLE = 1_000
_REMEDY = "write it as lines of UTF-8 text, or rename it to match its content"


class Lines:
    """Iterate over the lines of a file, and keep count of them.

    :param file: the file, open for reading bytes.
    :param number: number of lines before the first one.
    :param offset: number of bytes before the first line.
    """

    def __init__(self, file: Any, number: int = 0, offset: int = 0) -> None:
        #: The number of the line returned last, from 1.
        self.number = number
        #: Where the next line begins, in bytes.
        self.offset = offset
        self._reads = _read_lines(file)
        self._lines: Iterator[bytes] = iter(())
        self._returned: deque[bytes] = deque()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._returned:
            line = self._returned.popleft()
        else:
            while (following := next(self._lines, None)) is None:
                self._lines = iter(next(self._reads))
            line = following
        self.number += 1
        self.offset += len(line) if type(line) is bytes else _size(line)
        return line

    @property
    def are_at_hand(self) -> bool:
        """Return whether there is a further line for which nothing has to be read."""
        return bool(self._returned) or length_hint(self._lines) > 0

    def give_back(self, lines: list[bytes]) -> None:
        """Undo reading the last lines: they are returned again."""
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)
        self.offset -= sum(map(_size, lines))


def _size(line: bytes) -> int:
    return line.size if type(line) is LongLine else len(line)


class LongLine(bytes):
    """The beginning of a line that is longer than `MAX_LINE`.

    :param size: the length of the whole line, in bytes.
    """

    size: int

    @classmethod
    def of(cls, beginning: bytes, size: int) -> LongLine:
        """Return a line of a given size, from its first bytes."""
        line = cls(beginning)
        line.size = size
        return line


def split_lines(file: Any) -> Iterator[bytes]:
    """Yield the lines of a file.

    :param file: the file, open for reading bytes.
    """
    return chain.from_iterable(_read_lines(file))


def _read_lines(file: Any) -> Iterator[list[bytes]]:
    """Yield the lines that end in what is read at once: ``readline`` may cost a request of its own on remote storage.

    :param file: the file, open for reading bytes.
    """
    pending: list[bytes] = []  # the chunks of a line that has not ended yet
    size = 0
    while chunk := file.read(_CHUNK):
        first, *others = chunk.split(b"\n")
        if others:
            *lines, rest = others
            yield [_join(pending, size, first + b"\n"), *(line + b"\n" for line in lines)]
            pending, size, first = [], 0, rest
        if first:
            size += len(first)
            if size <= MAX_LINE or not pending:
                pending.append(first)
    if size:
        yield [_join(pending, size, b"")]


def _join(pending: list[bytes], size: int, rest: bytes) -> bytes:
    """Return the line that began in earlier chunks and ends with ``rest``."""
    if not pending:
        return rest
    if size + len(rest) > MAX_LINE:
        return LongLine.of(pending[0], size + len(rest))
    return b"".join((*pending, rest))


def check_beginning(lines: Lines, file: str, format: str) -> None:
    """Check by its first line that a file is text of the expected format. The line is read again afterwards.

    :param lines: the lines of the file, from the first on.
    :param file: the file's name, for errors.
    :param format: ``"json"`` or ``"csv"``.
    :raises RefusedConfiguration: if it is not.
    """
    taken = list(islice(lines, 1))
    lines.give_back(taken)
    first = taken[0] if taken else b""
    for signature, content in _SIGNATURES.items():
        if first.startswith(signature):
            raise RefusedConfiguration(f"{file} is {content}; {_REMEDY}")
    if b"\0" in first[:_SAMPLE]:
        raise RefusedConfiguration(f"{file}, line 1 has NUL bytes, as UTF-16 text and binary files do; {_REMEDY}")
    if format == "json" and first.removeprefix(BOM).lstrip()[:1] == b"[":
        raise RefusedConfiguration(f"{file} is a JSON array; write one object per line, without commas between them")
    if format == "json" and first.startswith(REJECTS_BEGIN.encode()):
        raise RefusedConfiguration(f"{file} is a rejects file; read it with Rejects(path), or exclude it from the glob")

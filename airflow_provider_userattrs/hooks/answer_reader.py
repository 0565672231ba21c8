# SPDX-License-Identifier: Apache-2.0
"""One answer, read strictly: what is not one whole answer of HTTP/1 is none.

llhttp (by httptools) parses. It refuses two lengths, a length beside a transfer encoding, bad chunk sizes, folded and
malformed headers; what it lets through and a verdict must not rest on is refused here. No text of the answer gets into
an error.
"""

from __future__ import annotations

import zlib
from contextlib import suppress

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from airflow_provider_userattrs.push.model.operation import Answer

#: Bytes of an answer, as it comes in and unpacked. The largest that a vendor has reason to send, on 100 users, has some
#: ten thousand.
MAX_BYTES = 1 << 20

#: Answers that say by themselves that the connection is no longer in step, or have no body to tell their end by
#: (RFC 9110, 15.3.5, 15.4.5, 15.5.9, 15.5.14).
_LAST_WORDS = frozenset({204, 304, 408, 413})

_GZIP = b"\x1f\x8b"

#: A gzip file is one member or several (RFC 1952, 2.2), of which a body has reason to have but a few.
_MOST_MEMBERS = 64


class Unreadable(Exception):
    """Say why what came back is no answer, in words of our own."""


class AnswerReader:
    """Take in what a server sends until its final answer is complete; interim answers (1xx) are read past."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._size = 0
        self._body: list[bytes] = []
        self._fields: list[tuple[bytes, bytes]] = []
        self._status = 0
        self.is_complete = False
        self._has_more = False
        self._keeps_alive = False
        self._fault = ""
        self.headers: dict[str, str] = {}

    @property
    def status(self) -> int:
        """The status of the final answer, 0 as long as its head is not complete."""
        return self._status if self._status >= 200 else 0

    @property
    def keeps_alive(self) -> bool:
        """Tell whether the connection may be used again after this answer."""
        return self._keeps_alive and not self._has_more and self._status not in _LAST_WORDS

    @property
    def has_more(self) -> bool:
        """Tell whether there is more than the head of the answer."""
        return self._has_more or bool(self._body)

    def feed(self, data: bytes) -> None:
        """Take in what was received.

        :param data: the bytes; none at all if the other side closed the connection.
        :raises Unreadable: if it is no answer and never becomes one.
        """
        if not data:
            self._end()
            return
        self._size += len(data)
        is_broken = False
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not self.is_complete:
                raise Unreadable(self._fault or "it is no HTTP answer") from None
            self._has_more = is_broken = True
        if self._fault:
            raise Unreadable(self._fault)
        if self._size > MAX_BYTES:
            raise Unreadable("it is over 1 MiB")
        if self._has_more and not is_broken:  # and begins as an answer does
            raise Unreadable("there are two of them")

    def answer(self) -> Answer:
        """Return the complete answer.

        :raises Unreadable: if its body cannot be unpacked.
        """
        body, coding = b"".join(self._body), self.headers.get("content-encoding")
        return Answer(self._status, self.headers, _unpacked(body, coding.strip().lower()) if coding else body)

    def _end(self) -> None:
        if not self.status:
            raise Unreadable("the connection was closed")
        if "content-length" in self.headers or "transfer-encoding" in self.headers:
            raise Unreadable("the connection was closed in the middle of it")
        self.is_complete = True

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self._has_more = True
        self._fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))  # a trailer comes when the headers are made, and is not looked at

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        parser = self._parser
        self._status = status = parser.get_status_code()
        version = parser.get_http_version()
        if version not in ("1.1", "1.0") or not 100 <= status < 600:
            self._fault = "it is no HTTP answer"
        headers = self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._fields
        }
        if len(headers) < len(self._fields) and "retry-after" in headers:  # the last of several is not the longest
            waits = [value.decode("latin-1") for name, value in self._fields if name.lower() == b"retry-after"]
            headers["retry-after"] = ", ".join(waits)
        framing = headers.get("transfer-encoding")
        if framing is not None and (framing.lower() != "chunked" or self._is_doubled(b"transfer-encoding")):
            self._fault = "its transfer encoding is none that was asked for"
        if "content-encoding" in headers and self._is_doubled(b"content-encoding"):
            self._fault = "it has two content encodings"
        self._keeps_alive = version == "1.1" and (framing is not None or "content-length" in headers)

    def on_body(self, data: bytes) -> None:
        if not self.is_complete:
            self._body.append(data)

    def on_message_complete(self) -> None:
        if self._status >= 200 and not self.is_complete:
            self.is_complete = True
            self._keeps_alive = self._keeps_alive and self._parser.should_keep_alive()

    def _is_doubled(self, field: bytes) -> bool:
        return sum(name.lower() == field for name, _ in self._fields) > 1


def _unpacked(body: bytes, coding: str) -> bytes:
    if not body or coding == "identity":
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable("its content encoding is none that was asked for")
    is_gzip = body.startswith(_GZIP)
    # "deflate" has a header, or none, as some send it.
    for window in (zlib.MAX_WBITS | 16,) if is_gzip else (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        with suppress(zlib.error):
            unpacked = _inflated(body, window, _MOST_MEMBERS if is_gzip else 1)
            if unpacked is not None:
                return unpacked
    raise Unreadable("its body cannot be unpacked")


def _inflated(body: bytes, window: int, most: int) -> bytes | None:
    """Return what so many members at most hold; None if the body is not made of them.

    A member whose header is none raises zlib.error.
    """
    unpacked, rest = b"", body
    for _ in range(most):
        unpacker = zlib.decompressobj(window)
        unpacked += unpacker.decompress(rest, MAX_BYTES + 1 - len(unpacked))
        if len(unpacked) > MAX_BYTES:
            raise Unreadable("it is over 1 MiB, unpacked")
        if not unpacker.eof:
            return None
        rest = unpacker.unused_data
        if not rest:
            return unpacked
    return None

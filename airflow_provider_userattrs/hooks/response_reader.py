# SPDX-License-Identifier: Apache-2.0
"""Reads one HTTP/1 response strictly: it is complete and well-formed, or it is refused.

llhttp (through httptools) is the parser. It refuses two lengths, a length beside a transfer encoding, bad chunk sizes,
folded and malformed headers. What else no verdict may rely on is refused here. Errors never repeat the response's text.
"""

from __future__ import annotations

import zlib
from contextlib import suppress

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from airflow_provider_userattrs.push.model.operation import Response

#: Maximum size of a response in bytes, compressed and decompressed. The largest that a vendor has reason to send, about
#: 100 users, has some ten thousand.
MAX_BYTES = 1 << 20

#: Statuses after which a connection is not used again: the response has no body that marks its end, or the request was
#: not read to its end (RFC 9110, 15.3.5, 15.4.5, 15.5.9, 15.5.14).
_CLOSING_STATUSES = frozenset({204, 304, 408, 413})

_GZIP = b"\x1f\x8b"

#: A gzip file has one or more members (RFC 1952, 2.2); a body has no reason to have many.
_MAX_MEMBERS = 64


class Unreadable(Exception):
    """What came back is not a complete, well-formed response; the message does not repeat any of it."""


class ResponseReader:
    """Reads what a server sends until its final response is complete; interim responses (1xx) are skipped."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._size = 0
        self._body: list[bytes] = []
        self._fields: list[tuple[bytes, bytes]] = []
        self._status = 0
        self.is_complete = False
        self._has_more = False
        self._keeps_alive = False
        self._error = ""
        self.headers: dict[str, str] = {}

    @property
    def status(self) -> int:
        """The status of the final response; 0 until its head is complete."""
        return self._status if self._status >= 200 else 0

    @property
    def keeps_alive(self) -> bool:
        """Return whether the connection may be used again after this response."""
        return self._keeps_alive and not self._has_more and self._status not in _CLOSING_STATUSES

    @property
    def has_more(self) -> bool:
        """Return whether anything was received after the head of the response."""
        return self._has_more or bool(self._body)

    def feed(self, data: bytes) -> None:
        """Read what was received.

        :param data: the bytes; empty if the server closed the connection.
        :raises Unreadable: if it cannot become a complete, well-formed response.
        """
        if not data:
            self._on_close()
            return
        self._size += len(data)
        is_broken = False
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not self.is_complete:
                raise Unreadable(self._error or "not an HTTP response") from None
            self._has_more = is_broken = True
        if self._error:
            raise Unreadable(self._error)
        if self._size > MAX_BYTES:
            raise Unreadable("a response over 1 MiB")
        if self._has_more and not is_broken:  # and it begins as a response does
            raise Unreadable("more than one response")

    def response(self) -> Response:
        """Return the complete response.

        :raises Unreadable: if its body cannot be decompressed.
        """
        body, coding = b"".join(self._body), self.headers.get("content-encoding")
        return Response(self._status, self.headers, _decompressed(body, coding.strip().lower()) if coding else body)

    def _on_close(self) -> None:
        if not self.status:
            raise Unreadable("the connection was closed")
        if "content-length" in self.headers or "transfer-encoding" in self.headers:
            raise Unreadable("the connection was closed before the response was complete")
        self.is_complete = True

    # Called by the parser.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self._has_more = True
        self._fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))  # trailers come after the headers are complete, and are ignored

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        parser = self._parser
        self._status = status = parser.get_status_code()
        version = parser.get_http_version()
        if version not in ("1.1", "1.0") or not 100 <= status < 600:
            self._error = "not an HTTP response"
        headers = self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._fields
        }
        if len(headers) < len(self._fields) and "retry-after" in headers:  # the last of several need not be the longest
            waits = [value.decode("latin-1") for name, value in self._fields if name.lower() == b"retry-after"]
            headers["retry-after"] = ", ".join(waits)
        framing = headers.get("transfer-encoding")
        if framing is not None and (framing.lower() != "chunked" or self._is_repeated(b"transfer-encoding")):
            self._error = "a transfer encoding that was not asked for"
        if "content-encoding" in headers and self._is_repeated(b"content-encoding"):
            self._error = "two content encodings"
        self._keeps_alive = version == "1.1" and (framing is not None or "content-length" in headers)

    def on_body(self, data: bytes) -> None:
        if not self.is_complete:
            self._body.append(data)

    def on_message_complete(self) -> None:
        if self._status >= 200 and not self.is_complete:
            self.is_complete = True
            self._keeps_alive = self._keeps_alive and self._parser.should_keep_alive()

    def _is_repeated(self, field: bytes) -> bool:
        return sum(name.lower() == field for name, _ in self._fields) > 1


def _decompressed(body: bytes, coding: str) -> bytes:
    if not body or coding == "identity":
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable("a content encoding that was not asked for")
    is_gzip = body.startswith(_GZIP)
    # Some servers send "deflate" without its zlib header.
    for window in (zlib.MAX_WBITS | 16,) if is_gzip else (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        with suppress(zlib.error):
            decompressed = _inflate(body, window, _MAX_MEMBERS if is_gzip else 1)
            if decompressed is not None:
                return decompressed
    raise Unreadable("a body that cannot be decompressed")


def _inflate(body: bytes, window: int, max_members: int) -> bytes | None:
    """Return the decompressed body; None if it is cut off or has more members than allowed.

    A member without a valid header raises zlib.error.
    """
    decompressed, rest = b"", body
    for _ in range(max_members):
        decompressor = zlib.decompressobj(window)
        decompressed += decompressor.decompress(rest, MAX_BYTES + 1 - len(decompressed))
        if len(decompressed) > MAX_BYTES:
            raise Unreadable("a response over 1 MiB when decompressed")
        if not decompressor.eof:
            return None
        rest = decompressor.unused_data
        if not rest:
            return decompressed
    return None

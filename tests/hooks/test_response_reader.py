# SPDX-License-Identifier: Apache-2.0
"""What is an answer, byte for byte, and what is none."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.hooks.response_reader import MAX_BYTES, ResponseReader, Unreadable

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = OK + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def coded(coding: bytes, body: bytes) -> bytes:
    return OK + b"Content-Encoding: " + coding + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def read(*segments: bytes) -> ResponseReader:
    """Give a reader these segments until the answer is complete; no bytes stand for a closed connection."""
    reader = ResponseReader()
    for segment in segments:
        reader.feed(segment)
    return reader


ANSWERS = {
    "plain": PLAIN,
    "chunks": CHUNKED + b"1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n",
    "chunks in capitals": OK + b"TRANSFER-ENCODING: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "trailers": CHUNKED + b"2\r\n{}\r\n0\r\nRetry-After: 9\r\n\r\n",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
    "many interim": b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n" * 50
    + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 2\r\n\r\n"
    + PLAIN,
    "gzip": coded(b"gzip", gzip.compress(b"{}")),
    "gzip of several members": coded(b"gzip", gzip.compress(b"{") + gzip.compress(b"") + gzip.compress(b"}")),
    "deflate": coded(b"deflate", zlib.compress(b"{}")),
    "deflate without its header": coded(b"Deflate", raw_deflate(b"{}")),
    "identity": coded(b"identity", b"{}"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_response_in_one_piece_and_in_many(answer: bytes) -> None:
    for segments in ([answer], [bytes([byte]) for byte in answer]):
        reader = read(*segments)
        assert reader.is_complete
        assert reader.keeps_alive
        assert (reader.response().status, reader.response().body) == (200, b"{}")
        assert "retry-after" not in reader.response().headers


@given(data=st.data())
def test_a_response_cut_anywhere_is_the_same(data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from(sorted(ANSWERS.values())))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(answer) - 1), max_size=8)))
    segments = [answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert read(*segments).response() == read(answer).response()


@given(data=st.data())
def test_a_truncated_response_is_refused(data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from(sorted(ANSWERS.values())))
    reader = read(answer[: data.draw(st.integers(1, len(answer) - 1))])
    assert not reader.is_complete
    with pytest.raises(Unreadable, match="closed"):
        reader.feed(b"")


@given(data=st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for start in (b"", OK, CHUNKED, PLAIN):
        try:
            reader = read(start + data, b"")
            if reader.is_complete:
                reader.response()
        except Unreadable:
            pass


CLOSING = {
    "until it closes": OK + b"\r\n{}",
    "Connection: close": OK + b"Connection: close\r\n\r\n{}",
    "Connection: close among others": OK + b"Connection: x, CLOSE\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n{}",
    "HTTP/1.0 that wants to go on": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
    "request timeout": b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\n\r\n{}",
    "too large": b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}",
    "rubbish behind it": PLAIN + b"rubbish",
}


@pytest.mark.parametrize("answer", CLOSING.values(), ids=CLOSING)
def test_a_response_after_which_a_connection_is_not_used_again(answer: bytes) -> None:
    reader = read(answer)
    if not reader.is_complete:
        reader.feed(b"")
    assert reader.response().body == b"{}"
    assert not reader.keeps_alive


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 204 No Content\r\n", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n"]
)
@pytest.mark.parametrize("late", [b"", b'{"code": 0}'])
def test_a_response_without_a_body_has_none(head: bytes, late: bytes) -> None:
    reader = read(head + b"\r\n" + late)
    assert reader.is_complete
    assert reader.response().body == b""
    assert not reader.keeps_alive


NONE = {
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "the same length twice": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": OK + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": OK + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": OK + b"Content-Length: -2\r\n\r\n{}",
    "no length in the header": OK + b"Content-Length: \r\n\r\n{}",
    "an endless length": OK + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a length beside a transfer encoding": OK
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a transfer encoding beside a length": OK
    + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "another transfer encoding": OK + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "several transfer encodings": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "nearly chunked": OK + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "an empty transfer encoding": OK + b"Transfer-Encoding: \r\nContent-Length: 2\r\n\r\n{}",
    "a chunk of no size": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "a chunk of a size with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a chunk of a size with a prefix": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk of a size with a blank": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "a chunk of an endless size": CHUNKED + b"ffffffffffffffffff\r\n{}",
    "a chunk without its end": CHUNKED + b"2\r\n{}0\r\n\r\n",
    "chunks with bare line feeds": CHUNKED + b"2\n{}\n0\n\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "a folded header": OK + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a folded length": OK + b"Content-Length:\r\n 2\r\n\r\n{}",
    "NUL in a value": OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a name": OK + b"X\0: a\r\nContent-Length: 2\r\n\r\n{}",
    "a bare carriage return": OK + b"X: a\rContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a colon": OK + b"rubbish\r\nContent-Length: 2\r\n\r\n{}",
    "a blank in a name": OK + b"Content-Length : 2\r\n\r\n{}",
    "no name": OK + b": a\r\nContent-Length: 2\r\n\r\n{}",
    "a length behind the chunks": CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 7\r\n\r\n",
    "no head": b"{}",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "small letters": b"http/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "status 000": b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\n{}",
    "status 99": b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\n{}",
    "status 700": b"HTTP/1.1 700 OK\r\nContent-Length: 2\r\n\r\n{}",
    "status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}",
    "status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
    "status in words": b"HTTP/1.1 two hundred\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + PLAIN,
    "another protocol, unnamed": b"HTTP/1.1 101 Switching\r\n\r\n" + PLAIN,
    "two answers": PLAIN + PLAIN,
    "an answer and a bit": PLAIN + b"HT",
    "no gzip": coded(b"gzip", b"{}"),
    "half a gzip": coded(b"gzip", gzip.compress(b"{}")[:-6]),
    "more behind a gzip": coded(b"gzip", gzip.compress(b"{}") + b"more"),
    "half a gzip behind a gzip": coded(b"gzip", gzip.compress(b"{}") + gzip.compress(b"")[:-6]),
    "a gzip of too many members": coded(b"gzip", gzip.compress(b"{}") + gzip.compress(b"") * 1_000),
    "two of deflate": coded(b"deflate", zlib.compress(b"{") + zlib.compress(b"}")),
    "a coding that was not asked for": coded(b"br", b"{}"),
    "two codings": coded(b"gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
    "two codings, one a header": OK.replace(b"\r\n", b"\r\nContent-Encoding: br\r\n")
    + coded(b"gzip", gzip.compress(b"{}")).removeprefix(OK),
    "a bomb": coded(b"gzip", gzip.compress(b" " * (MAX_BYTES + 1))),
    "a bomb in two members": coded(b"gzip", gzip.compress(b" " * MAX_BYTES) + gzip.compress(b" ")),
    "a bomb without a header": coded(b"deflate", raw_deflate(b" " * (MAX_BYTES + 1))),
    "a long body": OK + b"Content-Length: %d\r\n\r\n" % MAX_BYTES + b" " * MAX_BYTES,
    "a long head": OK + b"X: y\r\n" * (MAX_BYTES // 6),
    "a long header": OK + b"X: " + b"y" * MAX_BYTES,
    "many interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_BYTES // 25 + 1),
    "many chunks": CHUNKED + b"1\r\n \r\n" * (MAX_BYTES // 6 + 1),
    "many trailers": CHUNKED + b"0\r\n" + b"X: y\r\n" * (MAX_BYTES // 6),
}  # fmt: skip


@pytest.mark.parametrize("answer", NONE.values(), ids=NONE)
def test_malformed_responses(answer: bytes) -> None:
    with pytest.raises(Unreadable) as error:
        read(answer).response()
    assert "200" not in str(error.value)
    for segments in ([bytes([byte]) for byte in answer[:500]], [answer[:10], answer[10:]]):
        with pytest.raises(Unreadable):
            read(*segments, b"").response()


def test_several_retry_after_headers_are_kept() -> None:
    reader = read(PLAIN.replace(b"\r\n", b"\r\nRetry-After: 600\r\nX: y\r\nRETRY-AFTER: 5\r\n", 1))
    assert reader.response().headers["retry-after"] == "600, 5"


def test_a_response_as_large_as_may_be() -> None:
    room = MAX_BYTES - 60
    body = read(OK + b"Content-Length: %d\r\n\r\n" % room + b" " * room).response().body
    assert len(body) == room
    assert len(read(coded(b"gzip", gzip.compress(b" " * MAX_BYTES))).response().body) == MAX_BYTES


def test_a_bomb_is_not_decompressed() -> None:
    import tracemalloc

    bomb = coded(b"gzip", gzip.compress(bytes(100 << 20)))
    tracemalloc.start()
    with pytest.raises(Unreadable, match="decompressed"):
        read(bomb).response()
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()

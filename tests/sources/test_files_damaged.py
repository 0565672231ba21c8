# SPDX-License-Identifier: Apache-2.0
"""Files that are compressed, cut, damaged, or not text at all."""

from __future__ import annotations

import gzip
import io
import lzma
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from sources.file_rows import PACKERS, only_rows, write

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.storage import lines as reading
from airflow_provider_userattrs.sources.storage.lines import Lines, LongLine

COMPRESSED = sorted({*PACKERS, ".zip"} - {""})


def packed(ending: str, text: bytes, *names: str) -> bytes:
    if ending != ".zip":
        return PACKERS[ending](text)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names or ("users.jsonl",):
            file.writestr(name, b"" if name.endswith("/") else text)
    return archive.getvalue()


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_truncated_file_is_an_error(tmp_path: Path, ending: str) -> None:
    text = "".join(f'{{"n": {n * 7919 % 100_003}}}\n' for n in range(20_000)).encode()
    path = write(tmp_path / f"users.jsonl{ending}", packed(ending, text)[:-2_000])
    with pytest.raises(RetryLater, match=r"users\.jsonl"):
        list(FileRows(path).rows())


@pytest.mark.parametrize("ending", COMPRESSED)
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_file_truncated_at_any_byte_is_an_error(tmp_path: Path, ending: str, kind: str) -> None:
    text = b"n\n" + b"5\n" * 20 if kind == "csv" else b'{"n": 5}\n' * 20
    whole = packed(ending, text)
    assert len(only_rows(FileRows(write(tmp_path / f"whole{ending}", whole), kind).rows())) == 20
    for size in range(len(whole)):
        with pytest.raises((RetryLater, RefusedConfiguration), match=f"cut{ending}"):
            list(FileRows(write(tmp_path / f"cut{ending}", whole[:size]), kind).rows())


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_damaged_file_is_named(tmp_path: Path, ending: str) -> None:
    whole = packed(ending, b'{"n": 5}\n' * 20)
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        # Not every format has a checksum over all of its bytes.
        with suppress(RetryLater, RefusedConfiguration):
            list(FileRows(write(tmp_path / f"damaged{ending}", bytes(damaged)), "json").rows())


@pytest.mark.parametrize("ending", [ending for ending in COMPRESSED if ending != ".zip"])
def test_concatenated_compressed_files_are_one(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"users.jsonl{ending}", packed(ending, b'{"n": 1}\n') + packed(ending, b'{"n": 2}\n'))
    assert only_rows(FileRows(path).rows()) == [{"n": 1}, {"n": 2}]


def test_a_zip_file_holds_one_file(tmp_path: Path) -> None:
    text = b'{"n": 1}\n'
    names: tuple[str, ...]
    for names in (("a/", "a/users.jsonl"), ("users.jsonl", "__MACOSX/._users.jsonl")):
        path = write(tmp_path / "one.jsonl.zip", packed(".zip", text, *names))
        assert only_rows(FileRows(path).rows()) == [{"n": 1}]
    for names in (("a.jsonl", "b.jsonl"), ("a/",)):
        count = sum(not name.endswith("/") for name in names)
        with pytest.raises(RefusedConfiguration, match=rf"several\.jsonl\.zip holds {count} files"):
            list(FileRows(write(tmp_path / "several.jsonl.zip", packed(".zip", text, *names))).rows())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("u.csv", "id,name\n1,ö\n".encode("utf-16"), "text in UTF-16"),
        ("u.csv", "id,name\n1,ö\n".encode("utf-16-be"), "NUL bytes"),
        ("u.csv", "id,näme\n1,ö\n".encode("latin-1"), "line 1: text that is not UTF-8"),
        ("u.jsonl", gzip.compress(b'{"a": 1}\n', mtime=0), "compressed with gzip"),
        ("u.jsonl", lzma.compress(b'{"a": 1}\n'), "compressed with xz"),
        ("u.jsonl", zstd.compress(b'{"a": 1}\n'), "compressed with zstd"),
        ("u.csv", packed(".zip", b"a\n1\n"), "Excel"),
        ("u.csv", b"PAR1 and so on", "Parquet"),
        ("u.json", b'[{"a": 1},\n {"a": 2}]\n', "is a JSON array"),
        ("u.json", b'\xef\xbb\xbf[\n  {"a": 1}\n]\n', "is a JSON array"),
        ("u.jsonl", b'{"rejects":{"part":1}}\n', r"read it with Rejects\(path\)"),
    ],
    # An archive holds the time it was made at.
    ids=lambda value: "content" if isinstance(value, bytes) else None,
)
def test_a_file_that_is_not_lines_of_text_gives_one_sentence(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(RefusedConfiguration, match=words) as refused:
        list(FileRows(write(tmp_path / name, content)).rows())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_an_endless_line_takes_linear_time_and_makes_its_row_invalid(tmp_path: Path, kind: str) -> None:
    first, last = (b"a\n", b"2\n") if kind == "csv" else (b'{"a": 1}\n', b'{"a": "2"}\n')
    path = tmp_path / "users"
    path.write_bytes(first + b"x" * (48 << 20) + b"\n" + last)
    started = time.process_time()
    source = FileRows(str(path), kind)
    bad, row = list(source.rows())[-2:]
    assert time.process_time() - started < 5, "each block was put behind all those before it"
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.meaning, bad.verdict.location) == ("a line over 16 MiB", f"file://{path}, line 2")
    assert len(bad.raw) < 1 << 20
    assert row == {"a": "2"}


@given(lines=st.lists(st.sampled_from([0, 1, 7, 8, 9, 30]), max_size=12), ends=st.booleans(), block=st.integers(1, 20))
def test_lines_are_counted_however_long_they_are(lines: list[int], ends: bool, block: int) -> None:
    text = b"\n".join(b"x" * size for size in lines) + (b"\n" if ends else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_CHUNK", block)
        patch.setattr(reading, "MAX_LINE", 8)
        taken = Lines(io.BytesIO(text))
        found = list(taken)
    assert taken.offset == len(text)
    whole = text.splitlines(keepends=True)
    assert taken.number == len(found) == len(whole)
    for given_, line in zip(found, whole, strict=True):
        assert given_ == line or (isinstance(given_, LongLine) and given_.size == len(line) > 8)

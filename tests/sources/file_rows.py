# SPDX-License-Identifier: Apache-2.0
"""What the tests of file sources share: writing a file, reading its rows, resuming at each cursor."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lz4.frame
from backports import zstd

from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.sources.files import FileRows

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
    ".lz4": lz4.frame.compress,
}


def only_rows(items: Any) -> list[Any]:
    return [item for item in items if not isinstance(item, Cursor)]


def rows_as_read(items: Any) -> list[Any]:
    """Give rows as they are, and malformed ones by what is said of them."""
    return [
        (item.verdict.location, item.verdict.meaning, item.raw) if isinstance(item, MalformedRow) else item
        for item in only_rows(items)
    ]


def check_resuming(source: FileRows) -> int:
    """Check that each bookmark gives exactly the rows after it, also as JSON; return how many there were."""
    items = list(source.rows())
    every = rows_as_read(items)
    seen = count = 0
    for item in items:
        if not isinstance(item, Cursor):
            seen += 1
            continue
        count += 1
        assert rows_as_read(source.rows(after=json.loads(json.dumps(item.value)))) == every[seen:]
    return count


def write(path: Path, content: bytes | str) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)

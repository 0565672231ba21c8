# SPDX-License-Identifier: Apache-2.0
"""The formats of files of rows, and how they are compressed, told by their names."""

from __future__ import annotations

#: A name's ending -> the format.
FORMATS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}

#: A name's ending -> how the file is compressed.
COMPRESSIONS = {
    ".gz": "gzip",
    ".bz2": "bzip2",
    ".xz": "xz",
    ".lzma": "xz",
    ".zst": "zstd",
    ".lz4": "lz4",
    ".zip": "zip",
}


def compression_of(name: str) -> str | None:
    """Return the compression that a file's name tells, or None."""
    return next((kind for ending, kind in COMPRESSIONS.items() if name.endswith(ending)), None)


def format_of(name: str) -> str | None:
    """Return the format that a file's name tells, or None.

    :param name: the name, or a glob.
    """
    stem = next((name[: -len(ending)] for ending in COMPRESSIONS if name.endswith(ending)), name)
    return next((kind for ending, kind in FORMATS.items() if stem.endswith(ending)), None)

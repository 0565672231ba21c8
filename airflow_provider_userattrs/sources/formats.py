# SPDX-License-Identifier: Apache-2.0
"""Derives the format and the compression of a file from its name."""

from __future__ import annotations

#: Suffix of a name -> format.
FORMATS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}

#: Suffix of a name -> compression.
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
    """Return a file's compression, or None."""
    return next((kind for suffix, kind in COMPRESSIONS.items() if name.endswith(suffix)), None)


def format_of(name: str) -> str | None:
    """Return a file's format, or None if its name does not show it.

    :param name: the name, or a glob.
    """
    stem = next((name[: -len(suffix)] for suffix in COMPRESSIONS if name.endswith(suffix)), name)
    return next((kind for suffix, kind in FORMATS.items() if stem.endswith(suffix)), None)

# SPDX-License-Identifier: Apache-2.0
"""The formats of files of rows, told by their names."""

from __future__ import annotations

#: A name's ending -> the format.
FORMATS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def format_of(name: str) -> str | None:
    """Return the format that a file's name tells, or None.

    :param name: the name, or a glob.
    """
    stem = next((name[: -len(ending)] for ending in _COMPRESSED if name.endswith(ending)), name)
    return next((kind for ending, kind in FORMATS.items() if stem.endswith(ending)), None)

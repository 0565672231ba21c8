# SPDX-License-Identifier: Apache-2.0
"""Rows of files on local and object storage."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.push.bookmark import Bookmark
from airflow_provider_userattrs.push.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.update import MalformedRow, Row
from airflow_provider_userattrs.sources.arguments import check_text, check_types, is_deferred, refuse
from airflow_provider_userattrs.sources.lines import Lines, read_csv, read_header, read_json
from airflow_provider_userattrs.sources.parquet import read_parquet

#: Rows between two bookmarks.
_EVERY = 1_000

#: Bytes fetched at once from object storage, whose own choice may be 50 MiB.
_BLOCK = 1 << 20

#: A name's ending -> the format.
_FORMATS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")

_PATH = "give a path such as 's3://conn_id@bucket/users/*.jsonl.gz' or '/data/users.csv', or a list of them"


class FileRows:
    r"""Read rows of JSON lines, CSV or Parquet, on any storage that ObjectStoragePath knows.

    A name that ends with .gz, .bz2, .xz, .zst or .zip is decompressed. A line that cannot be read becomes an
    ``invalid`` row. A file that another try may read again must not change in between.

    :param path: a path, a glob, or a list of them; may be a template. The files of a glob are read in the order of
        their names.
    :param format: ``"json"`` (lines), ``"csv"`` (with a header) or ``"parquet"``; None: by each file's name.
    :param types: column -> type: text, integer, float, decimal, boolean, date, timestamp, time, uuid, json. A column
        of CSV that is not declared is text.
    :param null: the field of a CSV file that means NULL, such as ``""`` or ``"\\N"``; None: there is none. An empty
        field of a declared type other than text is NULL in any case.
    :param delimiter: what stands between fields of a CSV file.
    :raises ValueError: when the DAG is parsed, if an argument cannot work.
    """

    template_fields = ("path",)

    def __init__(
        self,
        path: Any,
        format: str | None = None,
        *,
        types: Mapping[str, str] | None = None,
        null: str | None = None,
        delimiter: str = ",",
    ) -> None:
        if format is not None and format not in _FORMATS.values():
            refuse("format", format, "give 'json', 'csv', 'parquet' or None")
        if null is not None and not isinstance(null, str):
            refuse("null", null, "give the text that means NULL, or None")
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
            refuse("delimiter", delimiter, "give one character")
        check_types(types)
        self.path = _as_text(path)
        self.format = format
        self.types = dict(types or {})
        self.null = null
        self.delimiter = delimiter

    def __repr__(self) -> str:
        return f"FileRows({self.path!r}, format={self.format!r})"

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow | Bookmark]:
        """Yield the rows and bookmarks.

        :param after: a place from one of the bookmarks; None for all rows.
        :raises FileNotFoundError: if a path or a glob names no file.
        :raises RefusedConfiguration: if a file is not of its format, or ``after`` is a place in a file that is not
            there or has changed.
        :raises RetryLater: if a file cannot be read to its end.
        """
        files = self._files()
        first, place = 0, None
        if after is not None:
            first, place = _find(files, after), after
        for file in files[first:]:
            yield from self._read(file, place)
            place = None

    def identity(self) -> Any:
        """Return what changes when a file does, as far as its name, size and date tell."""
        files = [[file.name, file.mark] for file in self._files()]
        options = [self.format, self.types, self.null, self.delimiter]
        parts = json.dumps([files, options], sort_keys=True)
        return {"files": len(files), "digest": hashlib.sha256(parts.encode()).hexdigest()}

    def check_resume(self) -> str | None:
        """Return None: the order of rows in a file is certain."""
        return None

    def _files(self) -> list[_File]:
        paths = [self.path] if isinstance(self.path, str) else self.path
        return [file for path in paths for file in _list(str(path))]

    def _read(self, file: _File, place: Any) -> Iterator[Row | MalformedRow | Bookmark]:
        kind = self.format or _format(file.name)
        read = self._parquet if kind == "parquet" else self._lines
        with file.open(compressed=kind != "parquet") as opened:
            try:
                yield from read(opened, file, kind, place)
            except (OSError, EOFError) as error:
                raise RetryLater(f"{file.name} cannot be read to its end ({type(error).__name__}: {error})") from error

    def _lines(self, opened: Any, file: _File, kind: str, place: Any) -> Iterator[Row | MalformedRow | Bookmark]:
        lines = Lines(opened)
        header: list[str] = []
        if kind == "csv":
            header = read_header(lines, file.name, self.types, self.delimiter)
        if place:
            opened.seek(place["offset"])
            lines = Lines(opened, place["line"], place["offset"])
        rows = (
            read_json(lines, file.name, self.types)
            if kind == "json"
            else read_csv(lines, file.name, self.types, header=header, delimiter=self.delimiter, null=self.null)
        )
        count = 0
        try:
            for row in rows:
                yield row
                count += 1
                if count % _EVERY == 0:
                    yield Bookmark({**file.place, "line": lines.number, "offset": lines.offset})
        except (OSError, EOFError) as error:
            where = f"{file.name}, after line {lines.number}"
            raise RetryLater(f"{where}: cannot be read on ({type(error).__name__}); mend or upload it again") from error

    def _parquet(self, opened: Any, file: _File, _: str, place: Any) -> Iterator[Row | MalformedRow | Bookmark]:
        group, row = (place["group"], place["row"]) if place else (0, 0)
        for at, read, batch in read_parquet(opened, file.name, self.types, group, row):
            yield from batch
            yield Bookmark({**file.place, "group": at, "row": read})


class _File:
    """One file: how it is named, opened and told from what it was before."""

    def __init__(self, storage: Any, path: str) -> None:
        self._storage = storage
        self._path = path
        self.name = str(storage.unstrip_protocol(path))
        info = storage.info(path)
        changed = info.get("ETag") or info.get("etag") or info.get("mtime") or info.get("LastModified")
        #: Size, and what the storage has to tell one state of the file from another.
        self.mark = [info.get("size"), None if changed is None else str(changed)]

    @property
    def place(self) -> dict[str, Any]:
        return {"file": self.name, "mark": self.mark}

    def open(self, *, compressed: bool) -> Any:
        compression = "infer" if compressed else None
        return self._storage.open(self._path, "rb", block_size=_BLOCK, compression=compression)


def _as_text(path: Any) -> Any:
    if is_deferred(path):
        return path
    if isinstance(path, os.PathLike) or hasattr(path, "protocol"):
        return str(path)
    if isinstance(path, Sequence) and not isinstance(path, (str, bytes)):
        if not path:
            raise ValueError(f"path is an empty list; {_PATH}")
        return [_as_text(part) for part in path]
    check_text("path", path, _PATH)
    return path


def _list(path: str) -> list[_File]:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    try:
        target: Any = ObjectStoragePath(path)
        storage = target.fs
    except (ValueError, ImportError) as error:
        raise RefusedConfiguration(
            f"path {path!r} is on no known storage ({type(error).__name__}); check its scheme and its provider"
        ) from None
    names = sorted(storage.glob(target.path)) if any(sign in path for sign in "*?[") else [target.path]
    files = [_File(storage, str(name)) for name in names]
    if not files:
        raise FileNotFoundError(f"path {path!r} matches no file")
    return files


def _find(files: list[_File], place: Any) -> int:
    for number, file in enumerate(files):
        if isinstance(place, Mapping) and file.place == {"file": place.get("file"), "mark": place.get("mark")}:
            return number
    raise RefusedConfiguration("path: the file in which the last try stopped has changed or is gone; push it anew")


def _format(name: str) -> str:
    stem = next((name[: -len(ending)] for ending in _COMPRESSED if name.endswith(ending)), name)
    for ending, kind in _FORMATS.items():
        if stem.endswith(ending):
            return kind
    raise RefusedConfiguration(f"format is not set, and {name} tells none; set it to 'json', 'csv' or 'parquet'")

# SPDX-License-Identifier: Apache-2.0
"""Opens compressed files. A truncated file, or an archive of several files, is an error and never a shorter file.

fsspec's own ``compression="infer"`` does not detect either: it reads half a ``.zst`` without an error, and only the
first file of a ``.zip``.
"""

from __future__ import annotations

import lzma
import sys
import zipfile
import zlib
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater

#: What reading a truncated or damaged file raises; lz4 raises RuntimeError.
_ERRORS = (OSError, EOFError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def reading_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that reading a truncated or damaged file may raise."""
    zstd: Any = sys.modules.get("compression.zstd") or sys.modules.get("backports.zstd")
    return (*_ERRORS, zstd.ZstdError) if zstd else _ERRORS


def decompressed(file: Any, compression: str, name: str) -> Any:
    """Return a file object for the decompressed content; it raises EOFError where the file was truncated.

    :param file: the compressed file, open for reading bytes.
    :param compression: the compression, as `compression_of` names it.
    :param name: the file's name, for errors.
    :raises RefusedConfiguration: if the package for it is not installed, or an archive does not hold exactly one file.
    :raises RetryLater: if the file is empty or incomplete.
    """
    if not file.read(1):
        raise RetryLater(f"{name} is empty, which is never a valid compressed file; upload it again")
    file.seek(0)
    return _OPENERS[compression](file, name)


def _gzip(file: Any, _: str) -> Any:
    from gzip import GzipFile

    return GzipFile(fileobj=file)


def _bzip2(file: Any, _: str) -> Any:
    from bz2 import BZ2File

    return BZ2File(file)


def _xz(file: Any, _: str) -> Any:
    return lzma.LZMAFile(file)


def _zstd(file: Any, name: str) -> Any:
    try:
        from compression import zstd  # type: ignore[import-not-found]  # Python 3.14 and later
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise RefusedConfiguration(
                f"{name} needs backports.zstd; install airflow-provider-userattrs with the extra zstd"
            ) from None
    return zstd.ZstdFile(file)


def _lz4(file: Any, name: str) -> Any:
    try:
        import lz4.frame
    except ImportError:
        raise RefusedConfiguration(f"{name} needs the package lz4; install it") from None
    return lz4.frame.open(file)


def _zip(file: Any, name: str) -> Any:
    try:
        archive = zipfile.ZipFile(file)
        # macOS adds a file of metadata for each file.
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
        if len(members) == 1:
            return archive.open(members[0])
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise RetryLater(f"{name} is not a complete .zip file ({type(error).__name__}); upload it again") from None
    except (NotImplementedError, RuntimeError):
        raise RefusedConfiguration(
            f"{name} is encrypted, or compressed by a method that Python does not support; write it as a plain .zip"
        ) from None
    raise RefusedConfiguration(f"{name} holds {len(members):,} files; give a .zip that holds one")


_OPENERS = {"gzip": _gzip, "bzip2": _bzip2, "xz": _xz, "zstd": _zstd, "lz4": _lz4, "zip": _zip}

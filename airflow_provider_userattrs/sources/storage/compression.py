# SPDX-License-Identifier: Apache-2.0
"""Compressed files, read so that one which was cut, or holds more than one file, is an error and never a shorter file.

Not by fsspec's own ``compression="infer"``: its readers take half a ``.zst`` for a whole one, and the first file of a
``.zip`` for the only one.
"""

from __future__ import annotations

import lzma
import sys
import zipfile
import zlib
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater

#: What reading a file that is cut or damaged raises; lz4 raises RuntimeError.
_ERRORS = (OSError, EOFError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def reading_errors() -> tuple[type[Exception], ...]:
    """Return what reading a file that is cut or damaged may raise."""
    zstd: Any = sys.modules.get("compression.zstd") or sys.modules.get("backports.zstd")
    return (*_ERRORS, zstd.ZstdError) if zstd else _ERRORS


def decompressed(file: Any, compression: str, name: str) -> Any:
    """Return a file that reads what a compressed file holds; it raises EOFError where that was cut.

    :param file: the compressed file, open for reading bytes.
    :param compression: what `compression_of` gives.
    :param name: the file's name, for errors.
    :raises RefusedConfiguration: if what reads it is not installed, or it holds no file or several.
    :raises RetryLater: if it is empty.
    """
    if not file.read(1):
        raise RetryLater(f"{name} is empty, which no compressed file is; upload it again")
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
        raise RefusedConfiguration(f"{name} needs lz4; install it beside airflow-provider-userattrs") from None
    return lz4.frame.open(file)


def _zip(file: Any, name: str) -> Any:
    try:
        archive = zipfile.ZipFile(file)
        # macOS puts what Finder knows of a file beside it.
        inside = [
            each for each in archive.infolist() if not each.is_dir() and not each.filename.startswith("__MACOSX/")
        ]
        if len(inside) == 1:
            return archive.open(inside[0])
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise RetryLater(f"{name} is no whole .zip file ({type(error).__name__}); upload it again") from None
    except (NotImplementedError, RuntimeError):
        raise RefusedConfiguration(f"{name} is encrypted, or packed in a way that Python cannot read") from None
    raise RefusedConfiguration(f"{name} holds {len(inside):,} files; give a .zip that holds one")


_OPENERS = {"gzip": _gzip, "bzip2": _bzip2, "xz": _xz, "zstd": _zstd, "lz4": _lz4, "zip": _zip}

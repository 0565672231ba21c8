# SPDX-License-Identifier: Apache-2.0
"""Local files with personal data: only their owner may read them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO, Any


def create_private(path: str, mode: str = "w") -> IO[Any]:
    """Create a file that its owner alone may read (0600), replacing an existing one.

    :param path: where.
    :param mode: ``"w"`` for text in UTF-8, ``"wb"`` for bytes.
    """
    with suppress(FileNotFoundError):
        os.unlink(path)
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), mode, encoding=None if "b" in mode else "utf-8"
    )

# SPDX-License-Identifier: Apache-2.0
"""Local files that hold personal data: their owner alone may read them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO


def create_private(path: str) -> IO[str]:
    """Create a text file anew, in place of one that is there, with mode 0600."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")

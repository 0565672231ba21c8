# SPDX-License-Identifier: Apache-2.0
"""Local files with personal data: only their owner may read them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO


def create_private(path: str) -> IO[str]:
    """Create a text file with mode 0600, replacing an existing one."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")

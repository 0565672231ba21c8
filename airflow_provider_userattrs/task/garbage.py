# SPDX-License-Identifier: Apache-2.0
"""Exempts loaded objects from garbage collection during a push."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def frozen_heap() -> Iterator[None]:
    """Exempt all existing objects from garbage collection until the block ends.

    Airflow has loaded hundreds of thousands of objects. Rows in flight live just long enough that the collector would
    scan all of them again every ten thousand rows or so, which would take a fifth of a push's time.
    """
    if gc.get_freeze_count():  # already frozen by someone who may rely on it
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

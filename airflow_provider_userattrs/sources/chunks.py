# SPDX-License-Identifier: Apache-2.0
"""How sources that have several rows at hand hand them over together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from airflow_provider_userattrs.push.model.chunk import Chunk


def chunks_of(source: Any) -> Callable[..., Iterator[Any]] | None:
    """Return a source's method ``chunks``, which yields what ``rows`` yields, some rows together.

    None if it has none, or inherits one although it has rows of its own, as an author's subclass may.
    """
    for kind in type(source).__mro__:
        own = vars(kind)
        if "chunks" in own:
            chunks: Callable[..., Iterator[Any]] = source.chunks
            return chunks
        if "rows" in own:
            return None
    return None


def one_by_one(chunks: Iterable[Any]) -> Iterator[Any]:
    """Yield rows one by one, and what a source yields between them."""
    for item in chunks:
        if type(item) is Chunk:
            yield from item
        else:
            yield item

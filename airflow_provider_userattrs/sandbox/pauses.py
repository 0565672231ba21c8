# SPDX-License-Identifier: Apache-2.0
"""Requests that are delayed or held."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def disconnected(receive: Receive) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Pauses:
    """All waiting requests. ``release`` and ``end`` may be called from any thread."""

    def __init__(self) -> None:
        self._held: set[asyncio.Future[bool]] = set()
        self._delayed: set[asyncio.Future[bool]] = set()

    async def wait(self, receive: Receive, delay: float, hold: bool) -> bool:
        """Wait; return whether to respond: not if its client has disconnected, or ``end`` was called."""
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            if delay and not await self._wait(self._delayed, gone, delay):
                return False
            return not hold or await self._wait(self._held, gone, None)
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    @staticmethod
    async def _wait(
        waiting: set[asyncio.Future[bool]],
        gone: asyncio.Future[None],
        seconds: float | None,
    ) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting.add(future)
        try:
            both: set[asyncio.Future[Any]] = {future, gone}
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.discard(future)
        if future.done():
            return future.result()
        return not gone.done()

    @property
    def held(self) -> int:
        """The number of held requests."""
        return len(self._held)

    def release(self) -> int:
        """Release the held requests; return their number."""
        return self._resolve(self._held, True)

    def end(self) -> None:
        """Drop every waiting request."""
        self._resolve(self._held | self._delayed, False)

    @staticmethod
    def _resolve(waiting: set[asyncio.Future[bool]], outcome: bool) -> int:
        def resolve(future: asyncio.Future[bool]) -> None:
            if not future.done():
                future.set_result(outcome)

        futures = list(waiting)
        for future in futures:
            future.get_loop().call_soon_threadsafe(resolve, future)
        return len(futures)

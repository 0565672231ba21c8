# SPDX-License-Identifier: Apache-2.0
"""Requests that wait: for a delay to pass, to be released, or for their client to give up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def disconnected(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Pauses:
    """Every request that waits right now. ``release`` and ``end`` may be called from any thread."""

    def __init__(self) -> None:
        self._held: set[asyncio.Future[bool]] = set()
        self._delayed: set[asyncio.Future[bool]] = set()

    async def wait(self, receive: Receive, delay: float, hold: bool) -> bool:
        """Wait, and tell whether the request goes on: not if its client has gone, or ``end`` was called."""
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
        """Count the requests that wait to be released."""
        return len(self._held)

    def release(self) -> int:
        """Let the requests that are held go on; give their number."""
        return self._settle(self._held, True)

    def end(self) -> None:
        """Give every waiting request up."""
        self._settle(self._held | self._delayed, False)

    @staticmethod
    def _settle(waiting: set[asyncio.Future[bool]], outcome: bool) -> int:
        def settle(future: asyncio.Future[bool]) -> None:
            if not future.done():
                future.set_result(outcome)

        futures = list(waiting)
        for future in futures:
            future.get_loop().call_soon_threadsafe(settle, future)
        return len(futures)

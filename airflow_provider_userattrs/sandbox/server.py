# SPDX-License-Identifier: Apache-2.0
"""Serves the sandbox, on 127.0.0.1 unless told otherwise twice, in a thread of this process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address

try:
    import fastapi as _fastapi  # noqa: F401
    import uvicorn
except ImportError as missing:
    raise ImportError(
        "The sandbox needs FastAPI and uvicorn: pip install 'airflow-provider-userattrs[sandbox]'"
    ) from missing

from .app import App
from .connections import Connections
from .host_names import HostNames
from .world import World

__all__ = ["Sandbox", "serve"]

HOST = "127.0.0.1"
# Longer than any client keeps a connection: otherwise the server may close one just as a request is sent on it.
KEEP_ALIVE_SECONDS = 3600


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox, with its state for tests."""

    url: str
    app: App
    world: World

    def base_url(self, vendor: str) -> str:
        """Return the base URL that replaces a vendor's."""
        return f"{self.url}/{vendor}"


class _Server(uvicorn.Server):
    """A uvicorn server that signals when it has started, and does not wait for held requests when it stops."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self._world = world
        self.start_finished = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.start_finished.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.pauses.end()
        await super().shutdown(sockets)

    def run_until_stopped(self, listening: socket.socket) -> None:
        """Serve; signal also if the start fails."""
        try:
            self.run([listening])
        finally:
            self.start_finished.set()


def is_remote(host: str) -> bool:
    """Return whether other machines reach what listens there.

    :param host: an IPv4 address.
    """
    return not IPv4Address(host).is_loopback


def _listen(host: str, port: int) -> socket.socket:
    # asyncio disables Nagle's algorithm, which costs 40 ms per response, only if the protocol is given explicitly.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


@contextmanager
def serve(
    port: int = 0,
    world: World | None = None,
    *,
    host: str = HOST,
    allow_remote: bool = False,
    names: Iterable[str] = (),
) -> Iterator[Sandbox]:
    """Run the sandbox for as long as the ``with`` block lasts.

    :param port: the TCP port; 0 picks a free one
    :param world: the state to serve; a new one by default
    :param host: the IPv4 address to listen on
    :param allow_remote: whether ``host`` may be an address that other machines reach: whoever does sees the users, and
        needs no credentials
    :param names: host names that it answers under, besides its addresses and ``localhost``
    :raises ValueError: if other machines would reach it, and may not
    """
    if is_remote(host) and not allow_remote:
        raise ValueError(f"other machines reach {host}; serve there with allow_remote=True only")
    world = world or World()
    connections = Connections()
    app = App(world, connections, HostNames(names))
    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=connections.protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, world)
    thread = threading.Thread(target=server.run_until_stopped, args=(listening,), name="sandbox", daemon=True)
    thread.start()
    try:
        server.start_finished.wait()
        if not server.started:
            raise RuntimeError("the sandbox did not start; the log says why")
        shown = HOST if IPv4Address(host).is_unspecified else host
        yield Sandbox(f"http://{shown}:{listening.getsockname()[1]}", app, world)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()

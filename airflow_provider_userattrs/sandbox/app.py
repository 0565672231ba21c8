# SPDX-License-Identifier: Apache-2.0
"""The ASGI application: routes requests to the vendors, the control API and the page."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from .connections import Connections
from .control import control_routes, refused
from .host_names import HostNames
from .host_names import refused as misdirected
from .origins import is_foreign
from .origins import refused as foreign
from .page import render
from .refusal import RefusedError
from .vendor_app import VendorApp
from .world import World


def _inspection(world: World) -> FastAPI:
    app = FastAPI(title="User attribute sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(control_routes(world))
    app.add_exception_handler(RefusedError, refused)

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(render(world, str(request.base_url).rstrip("/")))

    return app


class App:
    """Routes a request by its first path segment: to a vendor, else to the control API and the page.

    :param world: the state.
    :param connections: knows when data arrived.
    :param names: the hosts that it answers for.
    """

    def __init__(self, world: World, connections: Connections, names: HostNames) -> None:
        self._names = names
        self._vendor_apps = {name: VendorApp(world, vendor, connections) for name, vendor in world.vendors.items()}
        self._inspection = _inspection(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._names.include(hosts[0]):
            await misdirected()(scope, receive, send)
            return
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if is_foreign(scope.get("method", ""), hosts[0], origins):
            await foreign()(scope, receive, send)
            return
        _, _, below = scope.get("path", "").partition("/")
        name, _, rest = below.partition("/")
        vendor_app = self._vendor_apps.get(name)
        if vendor_app is None or scope["type"] != "http":
            await self._inspection(scope, receive, send)
        else:
            await vendor_app(scope, receive, send, "/" + rest)

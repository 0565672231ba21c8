# SPDX-License-Identifier: Apache-2.0
"""The ASGI application of one vendor: records each request, applies faults, and responds.

It uses no framework, because load tests send it hundreds of thousands of requests.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from .connections import Connections
from .exchange import Request, Response
from .faults import Firing, Then
from .journal import Entry
from .pauses import disconnected
from .vendor import Vendor
from .world import World

UNKNOWN_PATH = "(unknown path)"


async def _body(receive: Receive) -> bytes | None:
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _query(scope: Scope) -> dict[str, str]:
    text = scope["query_string"]
    return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True)) if text else {}


async def _send(response: Response, send: Send) -> None:
    body = b"" if response.status in (204, 304) else response.body
    headers = [
        (b"content-type", response.content_type.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
    ]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _override(response: Response, then: Then) -> Response:
    """Override parts of a response with what a fault gives literally."""
    if then.location is not None:
        response.headers["location"] = then.location
        response.status = 302
    if then.status is not None:
        response.status = then.status
    if then.body is not None:
        response.body = then.body.encode("utf-8", "surrogatepass")
    if then.content_type is not None:
        response.content_type = then.content_type
    response.headers.update(then.headers)
    return response


class VendorApp:
    """Handles the requests to one vendor."""

    def __init__(self, world: World, vendor: Vendor, connections: Connections) -> None:
        self._world = world
        self._vendor = vendor
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Handle one request; ``path`` is relative to the vendor's base URL."""
        world, vendor = self._world, self._vendor
        since = self._connections.seconds_waiting(scope["client"])
        at, monotonic, number = world.clock.now() - since, world.clock.monotonic() - since, world.journal.next_number()
        body = await _body(receive)
        if body is None:
            return
        request = Request(scope["method"], path, _query(scope), _headers(scope), body)
        endpoint = vendor.endpoint(path)
        entry = Entry(
            number=number,
            vendor=vendor.name,
            method=request.method,
            path=UNKNOWN_PATH if endpoint is None else f"/{vendor.name}{endpoint}",
            env=request.query.get("env") if request.query.get("env") in vendor.environments else None,
            rows=vendor.rows(request),
            bytes=len(body),
            at=at,
            monotonic=monotonic,
        )
        world.journal.add(entry)
        response: Response | None
        firing = self._match_fault(request) if world.faults else None
        if firing is None:
            response = vendor.respond(request)
        else:
            entry.fault = firing.id
            response = await self._respond_under_fault(firing, request, entry, receive)
        if response is None:
            self._connections.abort(scope["client"])
            await disconnected(receive)
            return
        entry.applied, entry.codes, entry.status = response.applied, response.codes, response.status
        await _send(response, send)

    def _match_fault(self, request: Request) -> Firing | None:
        vendor = self._vendor
        return self._world.faults.match(
            vendor.name,
            f"/{vendor.name}{request.path}",
            lambda: vendor.users_named(request),
            vendor.alters_response,
        )

    async def _respond_under_fault(
        self, firing: Firing, request: Request, entry: Entry, receive: Receive
    ) -> Response | None:
        """Return the response that a fault demands; ``None`` for none at all."""
        vendor, then = self._vendor, firing.then
        early: Response | None = None
        if then.apply == "before":
            early = vendor.respond(request, firing=firing)
            entry.applied = early.applied
        if then.waits and not await self._world.pauses.wait(receive, then.delay, then.hold):
            return None
        if then.close:
            return None
        by_code = vendor.alters_response(then)
        if by_code or not then.replaces_response or then.is_success:
            # With a code by item, the fault of each item decides whether it is applied.
            lost = then.is_success or then.apply == "never"
            response = early or vendor.respond(request, apply=not lost or bool(firing.items), firing=firing)
        else:
            response = vendor.fault_response(then)
            response.applied = early is not None and early.applied
        return _override(response, then)

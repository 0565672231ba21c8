# SPDX-License-Identifier: Apache-2.0
"""The ASGI application of one vendor: records each request, applies faults, and answers.

It uses no framework, because load tests send it hundreds of thousands of requests.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from .connections import Connections
from .exchange import Answer, Call
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


async def _send(answer: Answer, send: Send) -> None:
    body = b"" if answer.status in (204, 304) else answer.body
    headers = [
        (b"content-type", answer.content_type.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
    ]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _override(answer: Answer, then: Then) -> Answer:
    """Override parts of an answer with what a fault gives literally."""
    if then.location is not None:
        answer.headers["location"] = then.location
        answer.status = 302
    if then.status is not None:
        answer.status = then.status
    if then.body is not None:
        answer.body = then.body.encode("utf-8", "surrogatepass")
    if then.content_type is not None:
        answer.content_type = then.content_type
    answer.headers.update(then.headers)
    return answer


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
        call = Call(scope["method"], path, _query(scope), _headers(scope), body)
        endpoint = vendor.endpoint(path)
        entry = Entry(
            number=number,
            vendor=vendor.name,
            method=call.method,
            path=UNKNOWN_PATH if endpoint is None else f"/{vendor.name}{endpoint}",
            env=call.query.get("env") if call.query.get("env") in vendor.environments else None,
            rows=vendor.rows(call),
            bytes=len(body),
            at=at,
            monotonic=monotonic,
        )
        world.journal.add(entry)
        answer: Answer | None
        firing = self._match_fault(call) if world.faults else None
        if firing is None:
            answer = vendor.answer(call)
        else:
            entry.fault = firing.id
            answer = await self._answer_under(firing, call, entry, receive)
        if answer is None:
            self._connections.abort(scope["client"])
            await disconnected(receive)
            return
        entry.applied, entry.codes, entry.status = answer.applied, answer.codes, answer.status
        await _send(answer, send)

    def _match_fault(self, call: Call) -> Firing | None:
        vendor = self._vendor
        return self._world.faults.match(
            vendor.name,
            f"/{vendor.name}{call.path}",
            lambda: vendor.users_named(call),
            vendor.keeps_answering,
        )

    async def _answer_under(self, firing: Firing, call: Call, entry: Entry, receive: Receive) -> Answer | None:
        """Answer as a fault demands; ``None`` for no answer at all."""
        vendor, then = self._vendor, firing.then
        early: Answer | None = None
        if then.apply == "before":
            early = vendor.answer(call, firing=firing)
            entry.applied = early.applied
        if then.waits and not await self._world.pauses.wait(receive, then.delay, then.hold):
            return None
        if then.close:
            return None
        by_code = vendor.keeps_answering(then)
        if by_code or not then.answers or then.is_success:
            # With a code by item, the fault of each item decides whether it is applied.
            lost = then.is_success or then.apply == "never"
            answer = early or vendor.answer(call, apply=not lost or bool(firing.items), firing=firing)
        else:
            answer = vendor.fault_answer(then)
            answer.applied = early is not None and early.applied
        return _override(answer, then)

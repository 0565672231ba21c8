# SPDX-License-Identifier: Apache-2.0
"""The control API under ``/_sandbox``: JSON in and out, no credentials, loopback only.

======================================== ===================================================================
request                                  response
======================================== ===================================================================
``GET  /_sandbox/health``                status, and each vendor's number of users, queue and base path
``POST /_sandbox/reset``                 resets users, faults, journal and switches
``POST /_sandbox/users``                 ``{"vendor", "environment", "users"}``: adds users
``GET  /_sandbox/users/{vendor}``        ``{"count", "users": {key: user}}``; ``?environment=p|s`` (Kahuna)
``GET  /_sandbox/users/{vendor}/{key}``  that user, or 404
``GET  /_sandbox/journal``               ``{"requests": [...]}``, oldest first; ``?vendor=&limit=`` (last n)
``GET  /_sandbox/journal/summary``       counts, by status and by code, worst sliding second and minute
``GET  /_sandbox/switches``              every switch with its value
``POST /_sandbox/switches``              ``{name: value}``: changes these; returns all
``POST /_sandbox/faults``                one fault or a list (see ``faults``): ``{"ids": [...]}``
``GET  /_sandbox/faults``                ``{"faults": [...]}``, with ``seen`` and ``fired``
``DELETE /_sandbox/faults``              removes every fault
``POST /_sandbox/release``               releases the requests held by ``hold``: ``{"released": n}``
``POST /_sandbox/flush``                 applies what is queued (``moengage.queued``): ``{"applied": n}``
======================================== ===================================================================

A request that cannot be carried out gets 400 and ``{"error": ...}``, which names the field.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from .fault_parser import read_faults
from .json_text import MALFORMED, encode, parse
from .refusal import RefusedError
from .vendor import Vendor
from .world import World


def _json(value: object, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")


async def _body(request: Request) -> Any:
    payload = parse(await request.body())
    if payload is MALFORMED:
        raise RefusedError("the body must be JSON")
    return payload


def _vendor(world: World, name: object) -> Vendor:
    if not isinstance(name, str) or name not in world.vendors:
        raise RefusedError(f"vendor must be one of {', '.join(world.vendors)}")
    return world.vendors[name]


def _optional_vendor(world: World, name: str | None) -> str | None:
    return None if not name else _vendor(world, name).name


def _environment(vendor: Vendor, name: object) -> str:
    if name is None:
        return vendor.environments[0]
    if name not in vendor.environments:
        raise RefusedError(f"environment: {vendor.name} has {' and '.join(vendor.environments) or 'none'}")
    return str(name)


def _limit(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RefusedError("limit must be an integer, 0 or more")
    return int(text)


async def refused(request: Request, refusal: Exception) -> Response:
    """Return the response to a refused request."""
    return JSONResponse({"error": str(refusal)}, 400)


def control_routes(world: World) -> APIRouter:
    """Return the routes that show and change the state of a sandbox."""
    routes = APIRouter(prefix="/_sandbox")

    @routes.get("/health")
    async def health() -> Response:
        vendors = {
            name: {
                "path": f"/{name}",
                "users": sum(vendor.count(environment) for environment in vendor.environments),
                **vendor.details(),
            }
            for name, vendor in world.vendors.items()
        }
        return _json({"status": "ok", "held": world.pauses.held, "vendors": vendors})

    @routes.post("/reset")
    async def reset() -> Response:
        world.reset()
        return _json({"status": "ok"})

    @routes.post("/users")
    async def seed(request: Request) -> Response:
        payload = await _body(request)
        if not isinstance(payload, dict) or not isinstance(payload.get("users"), list):
            raise RefusedError("users must be a list")
        vendor = _vendor(world, payload.get("vendor"))
        environment = _environment(vendor, payload.get("environment"))
        return _json({"added": vendor.seed(payload["users"], environment), "count": vendor.count(environment)})

    @routes.get("/users/{name}")
    async def users(name: str, environment: str | None = None) -> Response:
        vendor = _vendor(world, name)
        users = dict(vendor.stored(_environment(vendor, environment)))
        return _json({"count": len(users), "users": users})

    @routes.get("/users/{name}/{key:path}")
    async def user(name: str, key: str, environment: str | None = None) -> Response:
        vendor = _vendor(world, name)
        user = vendor.stored_user(key, _environment(vendor, environment))
        return _json({"error": "no such user"}, 404) if user is None else _json(user)

    @routes.get("/journal")
    async def journal(vendor: str | None = None, limit: str | None = None) -> Response:
        return _json({"requests": world.journal.listing(_optional_vendor(world, vendor), _limit(limit))})

    @routes.get("/journal/summary")
    async def summary(vendor: str | None = None) -> Response:
        return _json(world.journal.summary(_optional_vendor(world, vendor)))

    @routes.get("/switches")
    async def switches() -> Response:
        return _json(world.switches.values())

    @routes.post("/switches")
    async def switch(request: Request) -> Response:
        world.switches.change(await _body(request))
        return _json(world.switches.values())

    @routes.post("/faults")
    async def set_faults(request: Request) -> Response:
        return _json({"ids": world.faults.add(read_faults(await _body(request), world.vendors))})

    @routes.get("/faults")
    async def faults() -> Response:
        return _json({"faults": world.faults.listing()})

    @routes.delete("/faults")
    async def clear_faults() -> Response:
        world.faults.clear()
        return _json({"status": "ok"})

    @routes.post("/release")
    async def release() -> Response:
        return _json({"released": world.pauses.release()})

    @routes.post("/flush")
    async def flush() -> Response:
        return _json({"applied": sum(vendor.flush() for vendor in world.vendors.values())})

    return routes

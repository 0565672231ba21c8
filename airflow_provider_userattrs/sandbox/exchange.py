# SPDX-License-Identifier: Apache-2.0
"""A request to a vendor and the response, independent of ASGI."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

from .basic import Flaw, Login, read_basic
from .json_text import encode, parse

JSON_TYPE = "application/json"


@dataclass
class Request:
    """A request as a vendor sees it: the path is relative to the base URL, header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        """The body as parsed JSON, or ``MALFORMED``."""
        return parse(self.body)

    @property
    def login(self) -> Login | Flaw:
        """The Basic credentials, or what is wrong with them."""
        return read_basic(self.headers.get("authorization"))

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, lower-case; empty if the header is missing."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Response:
    """A vendor's response, whether an update was applied, and how many refusals there were by code."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    applied: bool = False
    codes: dict[str, int] = field(default_factory=dict)


def json_response(status: int, json: object, *, applied: bool = False, code: str | None = None) -> Response:
    """Return a response in JSON."""
    return Response(status, encode(json), applied=applied, codes={} if code is None else {code: 1})


def gateway_page(status: int, message: str | None = None) -> Response:
    """Return a response in HTML, as a gateway sends it, for a status that the vendor does not document."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unassigned"
    title = f"{status} {phrase}"
    text = html.escape(message or title)
    page = f"<html><head><title>{title}</title></head><body><h1>{text}</h1></body></html>"
    return Response(status, page.encode(), "text/html; charset=utf-8")


def no_such_path() -> Response:
    """Return the response to a path that the vendor does not document."""
    return gateway_page(404)


def wrong_method() -> Response:
    """Return the response to any method but POST, the only one that the vendors document."""
    response = gateway_page(405)
    response.headers["allow"] = "POST"
    return response

# SPDX-License-Identifier: Apache-2.0
"""Requests that a web page of another origin has a browser send.

Such a page cannot read what the sandbox answers, but a form or a script of it could add users, inject faults or reset a
sandbox whose address it guesses. A browser names the page's origin in each request that is neither GET nor HEAD; other
clients name none.
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse

REFUSAL = "The sandbox takes nothing from web pages of another origin.\n"
#: They change nothing, and a link may lead here.
_SAFE = {"GET", "HEAD"}


def refused() -> PlainTextResponse:
    """Return the answer to a request of another origin."""
    return PlainTextResponse(REFUSAL, 403)


def is_foreign(method: str, host: bytes, origins: list[bytes]) -> bool:
    """Return whether a web page of another origin has made a request that may change something.

    :param method: the request's method.
    :param host: its Host header.
    :param origins: its Origin headers; ``null`` is the origin of a page that hides it, and not the sandbox's.
    """
    return method not in _SAFE and any(origin.lower().partition(b"://")[2] != host.lower() for origin in origins)

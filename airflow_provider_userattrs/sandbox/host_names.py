# SPDX-License-Identifier: Apache-2.0
"""The names under which the sandbox answers.

A web page may have its own name resolved to this machine (DNS rebinding), and read from the sandbox what a rehearsed
push left there. The browser sends that name as the Host, which is then none of the sandbox's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

from starlette.responses import PlainTextResponse

REFUSAL = "The sandbox does not answer under this host name. Use its IP address, or start it with --name.\n"


def refused() -> PlainTextResponse:
    """Return the answer to a request for another host (RFC 9110, section 15.5.20)."""
    return PlainTextResponse(REFUSAL, 421)


class HostNames:
    """Tells own hosts from others: IP addresses, ``localhost``, and names that were given.

    :param names: further names, such as that of a container.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {"localhost", *(name.lower() for name in names)}
        self.include = lru_cache(maxsize=256)(self._include)

    def _include(self, host: bytes) -> bool:
        """Return whether a Host header names the sandbox, whatever the port."""
        text = host.decode("latin-1").lower()
        name, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal():
            name = text
        if name in self._names:
            return True
        try:
            ip_address(name[1:-1] if name.startswith("[") and name.endswith("]") else name)
        except ValueError:
            return False
        return True

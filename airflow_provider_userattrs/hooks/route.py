# SPDX-License-Identifier: Apache-2.0
"""One thread's way to a vendor: what does not change from request to request is worked out once.

`Session.request` looks up proxies, bundles and netrc in the environment, merges settings, prepares and hands out
cookies anew with each request, which is most of what a small request costs. Here requests does all of that for the
first one, and opens the connection: proxy, TLS, client certificate. What follows on the same connection is written to
it and read from it by the standard library alone.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.connection import is_connection_dropped

from airflow_provider_userattrs.push.endpoint import Answer


class Route:
    """Send requests over one connection that is kept alive; used by one thread alone, but for `abort`.

    :param session: authenticated; its settings and those of the environment hold for all requests.
    :param base_url: where requests go.
    :param timeout: seconds for the connection and for each answer.
    """

    def __init__(self, session: requests.Session, base_url: str, timeout: tuple[float, float]) -> None:
        self._session = session
        self._base_url = base_url
        self._timeout = timeout
        # A verify of True stands for "the usual", which the environment may say; any other is the connection's word.
        verify = None if session.verify is True else session.verify
        self._environment: Any = session.merge_environment_settings(base_url, {}, False, verify, None)
        self._adapter = _Adapter()
        #: path -> the request that requests prepared, and its head as bytes.
        self._prepared: dict[str, tuple[requests.PreparedRequest, bytes]] = {}

    @property
    def is_connecting(self) -> bool:
        """Tell whether the connection is not made yet, so that nothing can have been sent on it."""
        return self._adapter.is_connecting

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body and return the answer, whatever its status; redirects are not followed.

        :param path: where to, below the base URL.
        :param body: the body.
        :param headers: the same ones each time for one path.
        :raises OSError: what requests raises.
        """
        if path not in self._prepared:
            made = requests.Request("POST", self._base_url + path, headers=headers, data=b"-")
            prepared = self._session.prepare_request(made)
            self._prepared[path] = prepared, _head(prepared)
        request, head = self._prepared[path]
        connection = self._adapter.open_connection()
        if connection is not None:
            return _exchange(connection, head + b"%d\r\n\r\n" % len(body) + body)
        request.body = body
        request.headers["Content-Length"] = str(len(body))
        response = self._adapter.send(request, timeout=self._timeout, **self._environment)
        return Answer(response.status_code, _by_lower_case(response.headers), response.content)

    def abort(self) -> None:
        """Break off the request under way; its thread sees the connection closed."""
        sock = getattr(self._adapter.connection, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._adapter.close()


def _head(request: requests.PreparedRequest) -> bytes:
    """Return what stands before each body, up to the number of its bytes."""
    lines = [f"POST {request.path_url} HTTP/1.1", f"Host: {urlsplit(str(request.url)).netloc.rpartition('@')[2]}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name != "Content-Length"]
    return "\r\n".join([*lines, "Content-Length: "]).encode("latin-1")


def _exchange(connection: Any, request: bytes) -> Answer:
    """Send a request on an open connection and return the answer; after an error the connection is closed."""
    response = HTTPResponse(connection.sock, method="POST")
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it had read all of it
            connection.sock.sendall(request)
        response.begin()
        headers, content = _by_lower_case(response.headers), response.read()
        if "content-encoding" in headers:
            content = urllib3.HTTPResponse(io.BytesIO(content), headers).data
    except (OSError, HTTPException, urllib3.exceptions.HTTPError) as error:
        connection.close()
        raise (requests.ReadTimeout if isinstance(error, TimeoutError) else requests.ConnectionError)(error) from error
    finally:
        response.close()
    if response.will_close:
        connection.close()
    return Answer(response.status, headers, content)


def _by_lower_case(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _Adapter(HTTPAdapter):
    """Send requests to one host over one connection, which may be used when it is open."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self.is_connecting = False
        self.connection: Any = None
        self._pool: Any = None

    def open_connection(self) -> Any:
        """Return the connection if the vendor is at its other end; None if it has to be made, or leads to a proxy."""
        connection, pool = self.connection, self._pool
        # A proxy passes on what is encrypted as it is; of anything else it wants to know where to.
        if connection is None or (pool.proxy is not None and pool.scheme == "http"):
            return None
        return None if is_connection_dropped(connection) else connection

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> urllib3.HTTPConnectionPool:
        """Return the one pool of this adapter."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
            self._pool.ConnectionCls = self._watched(self._pool.ConnectionCls)
        pool: urllib3.HTTPConnectionPool = self._pool
        return pool

    def close(self) -> None:
        """Close the connection; the pool manager forgets a pool, and does not close it."""
        super().close()
        if self._pool is not None:
            self._pool.close()

    def _watched(self, connection_class: Any) -> Any:
        adapter = self

        class Watched(connection_class):  # type: ignore[misc]
            def connect(self) -> None:
                adapter.connection = self
                adapter.is_connecting = True
                super().connect()
                adapter.is_connecting = False

        return Watched

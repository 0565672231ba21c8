# SPDX-License-Identifier: Apache-2.0
"""One thread's way to a vendor: what does not change from request to request is worked out once.

`Session.request` looks up proxies, bundles and netrc in the environment, merges settings, prepares and hands out
cookies anew with each request, which is most of what a small request costs. Here all of that is done at the first one.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse, HTTPConnectionPool

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
        self._prepared: dict[str, requests.PreparedRequest] = {}

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
        request = self._prepared.get(path)
        if request is None:
            request = self._session.prepare_request(
                requests.Request("POST", self._base_url + path, headers=headers, data=b"-")
            )
            self._prepared[path] = request
        request.body = body
        request.headers["Content-Length"] = str(len(body))
        response = self._adapter.send(request, timeout=self._timeout, **self._environment)
        return Answer(response.status_code, response.headers, response.content)

    def abort(self) -> None:
        """Break off the request under way; its thread sees the connection closed."""
        connection = self._adapter.connection
        sock = getattr(connection, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._adapter.close()


class _Adapter(HTTPAdapter):
    """Send requests to one host over one connection, without cookies."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self.is_connecting = False
        self.connection: Any = None
        self._pool: Any = None
        self._urls: dict[str | None, str] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        """Return the one pool of this adapter."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
            super().cert_verify(self._pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
            self._pool.ConnectionCls = self._watched(self._pool.ConnectionCls)
        pool: HTTPConnectionPool = self._pool
        return pool

    def close(self) -> None:
        """Close the connection; the pool manager forgets a pool, and does not close it."""
        super().close()
        if self._pool is not None:
            self._pool.close()

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool as it is: it was set up when it was made."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what stands in the request line, which depends on the URL alone."""
        url = self._urls.get(request.url)
        if url is None:
            url = self._urls[request.url] = super().request_url(request, proxies)
        return url

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Return the response, without its cookies."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.request = req
        return response

    def _watched(self, connection_class: Any) -> Any:
        adapter = self

        class Watched(connection_class):  # type: ignore[misc]
            def connect(self) -> None:
                adapter.connection = self
                adapter.is_connecting = True
                super().connect()
                adapter.is_connecting = False

        return Watched

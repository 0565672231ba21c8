# SPDX-License-Identifier: Apache-2.0
"""One thread's way to a vendor: what does not change from request to request is worked out once.

requests and urllib3 do what they are good at: settings of the environment, authentication, proxies, TLS, client
certificates, opening the connection. What is sent on it and read from it is `Connection`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from airflow_provider_userattrs.hooks.connection import Connection, shut_down
from airflow_provider_userattrs.hooks.tunnel import Tunnelling


class Route:
    """Send requests over one connection that is kept alive; used by one thread alone, but for `abort`.

    :param session: authenticated; its settings and those of the environment hold for all requests.
    :param base_url: where requests go.
    :param timeout: seconds for the connection and for each exchange.
    """

    def __init__(self, session: requests.Session, base_url: str, timeout: tuple[float, float]) -> None:
        self._session = session
        self._base_url = base_url
        self._timeout = timeout
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1)
        # A verify of True stands for "the usual", which the environment may say; any other is the connection's word.
        verify = None if session.verify is True else session.verify
        self._environment: Any = session.merge_environment_settings(base_url, {}, False, verify, None)
        self._pool: Any = None
        #: path -> the head of its requests, up to the number of the body's bytes.
        self._heads: dict[str, bytes] = {}
        self._opening: Any = None
        self._connection: Connection | None = None

    def head(self, path: str, headers: Mapping[str, str]) -> bytes:
        """Return what stands before each body sent to a path, up to the number of the body's bytes.

        :param path: where to, below the base URL.
        :param headers: the same ones each time for one path.
        :raises Exception: what requests raises where there cannot be a request with these settings.
        """
        if path not in self._heads:
            request = self._session.prepare_request(
                requests.Request("POST", self._base_url + path, headers=headers, data=b"-")
            )
            if self._pool is None:
                self._pool = self._new_pool(request)
            self._heads[path] = self._new_head(request)
        return self._heads[path]

    def connection(self) -> Connection:
        """Return the connection if it can be used again, or else a new one.

        :raises Exception: what urllib3 and the ssl module raise while it is opened.
        """
        connection = self._connection
        if connection is not None and connection.is_silent():
            return connection
        self._connection = connection = self._open()
        return connection

    def abort(self) -> None:
        """Break off what is under way."""
        if self._connection is not None:
            self._connection.abort()
        if (opening := self._opening) is not None:
            shut_down(opening.sock)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._adapter.close()

    def _new_pool(self, request: requests.PreparedRequest) -> Any:
        """Return what opens connections: urllib3's pool, which holds none of them itself."""
        settings = {name: self._environment[name] for name in ("verify", "proxies", "cert")}
        adapter: Any = self._adapter
        pool = adapter.get_connection_with_tls_context(request, **settings)
        adapter.cert_verify(pool, request.url, settings["verify"], settings["cert"])
        pool.ConnectionCls = type("TunnellingConnection", (Tunnelling, pool.ConnectionCls), {})
        return pool

    def _new_head(self, request: requests.PreparedRequest) -> bytes:
        headers = {"Host": urlsplit(str(request.url)).netloc.rpartition("@")[2], **request.headers}
        del headers["Content-Length"]
        target = self._adapter.request_url(request, self._environment["proxies"])
        if self._forwards(target):
            headers.update(self._pool.proxy_headers)
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "Content-Length: "]).encode("latin-1")

    def _forwards(self, target: str) -> bool:
        """Tell whether a proxy reads the requests; it wants to know where to."""
        return not target.startswith("/")

    def _open(self) -> Connection:
        pool, (seconds, _) = self._pool, self._timeout
        opening = self._opening = pool._new_conn()
        opening.timeout = seconds
        try:
            if pool.proxy is not None and urlsplit(self._base_url).scheme == "https":
                pool._prepare_proxy(opening)  # a tunnel through it
            elif opening.sock is None:
                opening.connect()
            pool._validate_conn(opening)  # warns if the certificate is not looked at
        except BaseException:
            with suppress(OSError):
                opening.close()
            raise
        finally:
            self._opening = None
        return Connection(opening.sock, self._base_url)

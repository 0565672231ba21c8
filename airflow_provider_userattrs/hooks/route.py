# SPDX-License-Identifier: Apache-2.0
"""A route to a vendor: what is the same for all requests is prepared once.

requests and urllib3 handle the environment's settings, authentication, proxies, TLS, client certificates and opening
the connection. `Connection` sends and receives on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from airflow_provider_userattrs.hooks.connection import Connection, shut_down
from airflow_provider_userattrs.hooks.tunnel import TunnelMixin


class Route:
    """Opens a connection, keeps it alive and prepares requests; used by one thread at a time, except for `abort`.

    :param session: an authenticated session; its settings and the environment's apply to all requests.
    :param base_url: where requests go.
    :param timeout: seconds for the connection and for each exchange.
    """

    def __init__(self, session: requests.Session, base_url: str, timeout: tuple[float, float]) -> None:
        self._session = session
        self._base_url = base_url
        self._timeout = timeout
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1)
        # True is the default, which the environment may change; any other value is the connection's own setting.
        verify = None if session.verify is True else session.verify
        self._environment: Any = session.merge_environment_settings(base_url, {}, False, verify, None)
        self._pool: Any = None
        #: path -> the head of its requests, up to the value of Content-Length.
        self.heads: dict[str, bytes] = {}
        self._opening: Any = None
        self._connection: Connection | None = None

    def make_head(self, path: str, headers: Mapping[str, str]) -> bytes:
        """Make the head of every request to a path, up to the value of Content-Length; it is then in `heads`.

        :param path: the path, below the base URL.
        :param headers: the headers, the same each time for one path.
        :raises Exception: what requests raises if no request can be made with these settings.
        """
        request = self._session.prepare_request(
            requests.Request("POST", self._base_url + path, headers=headers, data=b"-")
        )
        if self._pool is None:
            self._pool = self._new_pool(request)
        head = self.heads[path] = self._new_head(request)
        return head

    def connection(self) -> Connection:
        """Return the connection if it can be reused, else a new one.

        :raises Exception: what urllib3 and the ssl module raise while it is opened.
        """
        connection = self._connection
        if connection is not None and connection.is_reusable():
            return connection
        self._connection = connection = self._open()
        return connection

    def abort(self) -> None:
        """Abort the request, or the connecting, in progress."""
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
        """Return urllib3's pool, which opens connections and keeps none."""
        settings = {name: self._environment[name] for name in ("verify", "proxies", "cert")}
        adapter: Any = self._adapter
        pool = adapter.get_connection_with_tls_context(request, **settings)
        adapter.cert_verify(pool, request.url, settings["verify"], settings["cert"])
        pool.ConnectionCls = type("TunnellingConnection", (TunnelMixin, pool.ConnectionCls), {})
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
        """Return whether a proxy forwards the requests; their target is then a full URL."""
        return not target.startswith("/")

    def _open(self) -> Connection:
        pool, (seconds, _) = self._pool, self._timeout
        opening = self._opening = pool._new_conn()
        opening.timeout = seconds
        try:
            if pool.proxy is not None and urlsplit(self._base_url).scheme == "https":
                pool._prepare_proxy(opening)  # opens a tunnel
            elif opening.sock is None:
                opening.connect()
            pool._validate_conn(opening)  # warns if the certificate is not verified
        except BaseException:
            with suppress(OSError):
                opening.close()
            raise
        finally:
            self._opening = None
        return Connection(opening.sock, self._base_url)

# SPDX-License-Identifier: Apache-2.0
"""Sends requests and returns their responses; an error says whether the request may have been sent."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from threading import Lock, local

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.exceptions import InvalidSchema
from urllib3.exceptions import LocationParseError

from airflow_provider_userattrs.hooks.connection import Connection, chain, describe
from airflow_provider_userattrs.hooks.route import Route
from airflow_provider_userattrs.hooks.settings import Settings
from airflow_provider_userattrs.hooks.tunnel import TunnelRefused
from airflow_provider_userattrs.push.model.errors import NotSent, PushError, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Response

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}

#: Headers that hold no secret, whatever their value.
_SHOWN = frozenset({"host", "user-agent", "content-type", "accept", "accept-encoding", "connection"})

#: Raised while opening a connection if the host is invalid, or a file is missing, unreadable or of the wrong kind; a
#: socket's own errors come as urllib3's.
_CONFIGURATION = (LocationParseError, UnicodeError, FileNotFoundError, PermissionError, IsADirectoryError)
_FILES = ("PEM", "X509", "ASN1", "PKCS12")


class Transport:
    """Sends requests to one vendor, each over a connection that is free, or a new one.

    :param settings: the checked connection.
    :param base_url: where requests go.
    """

    def __init__(self, settings: Settings, base_url: str) -> None:
        self.base_url = base_url
        self._settings = settings
        self._local = local()
        self._lock = Lock()
        self._sessions: list[requests.Session] = []
        self._routes: list[Route] = []
        #: Those that no request is using; a list's own methods are atomic.
        self._free: list[Route] = []

    def session(self) -> requests.Session:
        """Return this thread's authenticated session."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._new_session()
        return session

    def post(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        before_send: Callable[[], None] | None = None,
    ) -> Response:
        """Post a JSON body and return the response, whatever its status.

        :param path: the path, below the base URL.
        :param body: the body.
        :param headers: further headers, the same each time for one path.
        :param before_send: called right before the first byte is sent; if it raises, nothing is sent.
        :raises NotSent: if no byte of the request was sent.
        :raises NoResponse: if one may have been, and no readable response came back.
        :raises RefusedConfiguration: if no request can be made with these settings.
        """
        route = self._take_route()
        try:
            head = route.heads.get(path) or self._head(route, path, headers)
            connection = self._connect(route)
            data = b"%b%d\r\n\r\n%b" % (head, len(body), body)
            return connection.exchange(data, self._settings.timeout[1], before_send)
        finally:
            self._free.append(route)

    def described(self, path: str) -> tuple[str, dict[str, str]]:
        """Return where a request to a path would go, and its headers without secrets; nothing is sent.

        :param path: the path, below the base URL.
        :raises RefusedConfiguration: if no request can be made with these settings.
        """
        route = self._take_route()
        try:
            lines = self._head(route, path, _HEADERS).decode("latin-1").split("\r\n")[1:-1]
        finally:
            self._free.append(route)
        headers = dict(line.split(": ", 1) for line in lines)
        shown = {name: value if name.lower() in _SHOWN else "***" for name, value in headers.items()}
        return self.base_url + path, shown

    def _take_route(self) -> Route:
        try:
            return self._free.pop()
        except IndexError:
            return self._new_route()

    def _head(self, route: Route, path: str, headers: dict[str, str] | None) -> bytes:
        try:
            return route.make_head(path, {**_HEADERS, **(headers or {})})
        except Exception as error:
            raise self._configuration_error(error) from None

    def _connect(self, route: Route) -> Connection:
        try:
            return route.connection()
        except Exception as error:
            raise self._not_connect(error) from None

    def abort(self) -> None:
        """Abort the requests in progress, in all threads."""
        with self._lock:
            for route in self._routes:
                route.abort()

    def close(self) -> None:
        """Close the sessions and connections of all threads."""
        with self._lock:
            self._free.clear()
            while self._routes:
                self._routes.pop().close()
            while self._sessions:
                self._sessions.pop().close()

    def _new_route(self) -> Route:
        try:
            route = Route(self._new_session(), self.base_url, self._settings.timeout)
        except Exception as error:
            raise self._configuration_error(error) from None
        with self._lock:
            self._routes.append(route)
        return route

    def _new_session(self) -> requests.Session:
        settings = self._settings
        session = requests.Session()
        # As bytes: requests would encode text as Latin-1. A session's auth takes precedence over netrc.
        session.auth = HTTPBasicAuth(settings.login.encode(), settings.password.encode())
        session.verify = settings.verify
        session.cert = settings.cert
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1))
        with self._lock:
            self._sessions.append(session)
        return session

    def _not_connect(self, error: Exception) -> PushError:
        """Return the error to raise when no connection could be opened; nothing was sent."""
        for link in chain(error):
            if isinstance(link, ssl.SSLCertVerificationError):
                return RefusedConfiguration(
                    f"The certificate of {self.base_url} could not be verified ({link.verify_message}); if a private "
                    "authority signed it, set the connection's extra 'verify' to the path of its CA bundle."
                )
            if isinstance(link, TunnelRefused):
                return RefusedConfiguration(
                    f"{link}, so there is no connection to {self.base_url}. Check the proxy's settings, and the "
                    "environment variables https_proxy and no_proxy."
                )
        if isinstance(error, _CONFIGURATION) or (isinstance(error, ssl.SSLError) and error.library in _FILES):
            return self._configuration_error(error)
        return NotSent(f"No connection to {self.base_url} ({describe(error)})", describe(error))

    def _configuration_error(self, error: Exception) -> PushError:
        if isinstance(error, InvalidSchema) and "SOCKS" in str(error):  # as requests reports it
            return RefusedConfiguration(
                f"A request to {self.base_url} cannot be made: the environment sets a SOCKS proxy, and PySocks is "
                "not installed; install requests[socks], or set another proxy (https_proxy, all_proxy)."
            )
        return RefusedConfiguration(
            f"A request to {self.base_url} cannot be made ({type(error).__name__}); check the connection's host, "
            "verify and cert, and the environment's proxy settings."
        )

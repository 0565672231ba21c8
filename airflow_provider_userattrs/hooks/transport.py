# SPDX-License-Identifier: Apache-2.0
"""One request out, one answer back, over requests; what goes wrong is named by what is certain afterwards."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from threading import Lock, local

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.exceptions import InvalidSchema
from urllib3.exceptions import LocationParseError

from airflow_provider_userattrs.hooks.connection import Connection, chain, why
from airflow_provider_userattrs.hooks.route import Route
from airflow_provider_userattrs.hooks.settings import Settings
from airflow_provider_userattrs.hooks.tunnel import TunnelRefused
from airflow_provider_userattrs.push.model.errors import NotSent, PushError, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Answer

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}

#: What opening a connection raises for a host that is none, and for files that cannot be read or are not what they
#: should be; a socket's own errors come as urllib3's.
_CONFIGURATION = (LocationParseError, UnicodeError, FileNotFoundError, PermissionError, IsADirectoryError)
_FILES = ("PEM", "X509", "ASN1", "PKCS12")


class Transport:
    """Send requests to one vendor; each thread has its own session, since a session is not shared by threads.

    :param settings: the checked connection.
    :param base_url: where requests go.
    """

    def __init__(self, settings: Settings, base_url: str) -> None:
        self.base_url = base_url
        self._settings = settings
        self._own = local()
        self._lock = Lock()
        self._sessions: list[requests.Session] = []
        self._routes: list[Route] = []

    def session(self) -> requests.Session:
        """Return this thread's session: authenticated, with one connection that is kept alive."""
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = self._new_session()
        return session

    def post(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        leave: Callable[[], None] | None = None,
    ) -> Answer:
        """Post a JSON body and return the answer, whatever its status.

        :param path: where to, below the base URL.
        :param body: the body.
        :param headers: headers besides the usual ones; the same ones each time for one path.
        :param leave: called right before the first byte leaves; what it raises is passed on, and nothing leaves.
        :raises NotSent: if no byte of it has left.
        :raises NoAnswer: if one may have, and no answer came back.
        :raises RefusedConfiguration: if it cannot work with these settings.
        """
        route, head = self._prepared(path, {**_HEADERS, **headers} if headers else _HEADERS)
        connection = self._connected(route)
        return connection.exchange(head + b"%d\r\n\r\n" % len(body) + body, self._settings.timeout[1], leave)

    def _prepared(self, path: str, headers: dict[str, str]) -> tuple[Route, bytes]:
        try:
            route: Route | None = getattr(self._own, "route", None)
            if route is None:
                route = self._new_route()
            return route, route.head(path, headers)
        except Exception as error:
            raise self._impossible(error) from None

    def _connected(self, route: Route) -> Connection:
        try:
            return route.connection()
        except Exception as error:
            raise self._not_connected(error) from None

    def abort(self) -> None:
        """Break off the requests under way, whichever thread they are in."""
        with self._lock:
            for route in self._routes:
                route.abort()

    def close(self) -> None:
        """Close what every thread has open."""
        with self._lock:
            while self._routes:
                self._routes.pop().close()
            while self._sessions:
                self._sessions.pop().close()

    def _new_route(self) -> Route:
        route = self._own.route = Route(self.session(), self.base_url, self._settings.timeout)
        with self._lock:
            self._routes.append(route)
        return route

    def _new_session(self) -> requests.Session:
        settings = self._settings
        session = requests.Session()
        # As bytes, for requests would write text as Latin-1. A session's auth goes before a netrc entry.
        session.auth = HTTPBasicAuth(settings.login.encode(), settings.password.encode())
        session.verify = settings.verify
        session.cert = settings.cert
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1))
        with self._lock:
            self._sessions.append(session)
        return session

    def _not_connected(self, error: Exception) -> PushError:
        """Return what opening a connection ended with; no byte of a request had left."""
        for link in chain(error):
            if isinstance(link, ssl.SSLCertVerificationError):
                return RefusedConfiguration(
                    f"The certificate of {self.base_url} could not be verified ({link.verify_message}); if a private "
                    "authority signed it, set the connection's extra 'verify' to the path of its CA bundle."
                )
            if isinstance(link, TunnelRefused):
                return RefusedConfiguration(
                    f"{link}: there is no connection to {self.base_url}. Check the proxy's settings, and the "
                    "proxies of the environment (https_proxy, no_proxy)."
                )
        if isinstance(error, _CONFIGURATION) or (isinstance(error, ssl.SSLError) and error.library in _FILES):
            return self._impossible(error)
        return NotSent(f"No connection to {self.base_url} ({why(error)})", why(error))

    def _impossible(self, error: Exception) -> PushError:
        if isinstance(error, InvalidSchema) and "SOCKS" in str(error):  # requests' word for it
            return RefusedConfiguration(
                f"A request to {self.base_url} cannot be made: the environment names a SOCKS proxy, and PySocks is "
                "missing; install requests[socks], or name another proxy (https_proxy, all_proxy)."
            )
        return RefusedConfiguration(
            f"A request to {self.base_url} cannot be made ({type(error).__name__}); check the connection's host, "
            "verify and cert, and the proxies of the environment."
        )

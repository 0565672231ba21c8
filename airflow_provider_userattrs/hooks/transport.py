# SPDX-License-Identifier: Apache-2.0
"""One request out, one answer back, over requests; what goes wrong is named by what is certain afterwards."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from threading import Lock, local

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from airflow_provider_userattrs.hooks.route import Route
from airflow_provider_userattrs.hooks.settings import Settings
from airflow_provider_userattrs.push.endpoint import Answer
from airflow_provider_userattrs.push.errors import NoAnswer, NotSent, PushError, RefusedConfiguration

#: What may go wrong once a request can be made at all.
_PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


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

    def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        """Post a JSON body and return the answer, whatever its status.

        :param path: where to, below the base URL.
        :param body: the body.
        :param headers: headers besides the usual ones; the same ones each time for one path.
        :raises NotSent: if no connection could be had.
        :raises NoAnswer: if the request may have arrived and no answer came back.
        :raises RefusedConfiguration: if it cannot work with these settings.
        """
        route: Route | None = getattr(self._own, "route", None)
        try:
            if route is None:
                route = self._new_route()
            return route.post(path, body, {**_HEADERS, **headers} if headers else _HEADERS)
        except OSError as error:  # what requests raises is an OSError, and so is a CA bundle that is not there
            raise named(error, self.base_url, connecting=route is None or route.is_connecting) from None

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


def named(error: OSError, base_url: str, *, connecting: bool = False) -> PushError:
    """Return an error of requests by what is certain after it; its own text may hold an address with a secret.

    :param error: what requests raised.
    :param base_url: where the request was to go.
    :param connecting: whether it was raised before there was a connection.
    """
    chain = tuple(_chain(error))
    kind = type(error).__name__
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return RefusedConfiguration(
                f"The certificate of {base_url} could not be verified ({link.verify_message}); if a private authority "
                "signed it, set the connection's extra 'verify' to the path of its CA bundle."
            )
    if not isinstance(error, _PASSING):
        return RefusedConfiguration(
            f"A request to {base_url} cannot be made ({kind}); check the connection's host, verify and cert, and the "
            "proxies of the environment."
        )
    if (
        connecting
        or isinstance(error, requests.exceptions.ProxyError)
        or any(isinstance(link, (NewConnectionError, ConnectTimeoutError)) for link in chain)
    ):
        return NotSent(f"No connection to {base_url} ({kind})")
    return NoAnswer(f"No answer from {base_url} ({kind})")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what it was raised from, and what urllib3 gives as its reason."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or id(link) in seen:  # the reason of an SSL error is a text
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]

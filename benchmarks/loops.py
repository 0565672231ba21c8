# SPDX-License-Identifier: Apache-2.0
"""What a user would write instead, with requests alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import local

from operations import VENDORS
from shapes import body


def post_loop(url: str, rows: int) -> Callable[[], None]:
    """Call `requests.post` for each user."""
    import requests

    def run() -> None:
        for number in range(rows):
            requests.post(f"{url}/engagelab", data=body(number), auth=("key", "secret"), timeout=30).json()

    return run


def session_loop(url: str, rows: int) -> Callable[[], None]:
    """Call one Session's `post` for each user."""
    import requests

    session = requests.Session()
    session.auth = ("key", "secret")

    def run() -> None:
        for number in range(rows):
            session.post(f"{url}/engagelab", data=body(number), timeout=30).json()

    return run


def session_pool(url: str, rows: int, concurrency: int = 32) -> Callable[[], None]:
    """Call a Session a thread's `post`, in a pool of threads."""
    import requests

    own = local()

    def send(number: int) -> None:
        if not hasattr(own, "session"):
            own.session = requests.Session()
            own.session.auth = ("key", "secret")
        own.session.post(f"{url}/engagelab", data=body(number), timeout=30).json()

    def run() -> None:
        with ThreadPoolExecutor(concurrency) as pool:
            for _ in pool.map(send, range(rows)):
                pass

    return run


def tuned_session(url: str, rows: int, vendor: str = "engagelab") -> Callable[[], None]:
    """Send ready-made bodies: settings of the environment resolved once, a prepared request, `Session.send`."""
    import requests

    session = requests.Session()
    session.auth = ("key", "secret")
    ready = VENDORS[vendor].request()
    request = session.prepare_request(requests.Request("POST", f"{url}/{vendor}", data=ready))
    settings = session.merge_environment_settings(request.url, {}, False, None, None)
    users = VENDORS[vendor].users

    def run() -> None:
        for _ in range(rows // users):
            assert session.send(request, timeout=30, **settings).content

    return run

# SPDX-License-Identifier: Apache-2.0
"""Canaries: what a person or a company would not want to read anywhere but where it belongs.

Each failure of `failures` happens to each operator and hook, and each place of `places` is searched for the canaries.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field

#: What rows hold. A part of each is searched for, so that it is also found where it is cut or formatted.
EMAIL = "ada.quuxbird@example.com"
PHONE = "+442079460958"
NAME = "Zanzibara Quuxbird"
#: What EngageLab's users are called.
EUID = 4420794609581
DATABASE_PASSWORD = "db-canary-5e1f"
PROXY_PASSWORD = "proxy-canary-8c2d"

_OF_ROWS = ("quuxbird", "zanzibara", "2079460958")
_OF_CONNECTIONS = (DATABASE_PASSWORD, PROXY_PASSWORD)


@dataclass
class Canaries:
    """What must not be found.

    :param of_rows: of users; nowhere at all.
    :param secrets: of connections; nowhere in what the package writes, nor in what Airflow has masked.
    """

    of_rows: tuple[str, ...] = _OF_ROWS
    secrets: tuple[str, ...] = _OF_CONNECTIONS
    _found: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, login: str | None, password: str) -> Canaries:
        """Give those of a connection, the Basic pair made of it included.

        :param login: None if it is no secret; it is shown in URLs then.
        """
        pair = base64.b64encode(f"{login}:{password}".encode()).decode().rstrip("=") if login else ()
        halves = (password, login, pair) if login and isinstance(pair, str) else (password,)
        return cls(secrets=(*_OF_CONNECTIONS, *(half.lower() for half in halves)))

    def look(self, place: str, texts: Iterable[str | bytes], *, secrets: bool = True) -> None:
        """Note each text of a place that holds one.

        :param place: its name.
        :param texts: all that can be read there.
        :param secrets: whether secrets must not be there either.
        """
        for text in texts:
            plain = (text.decode("latin-1") if isinstance(text, bytes) else text).lower()
            for canary in (*self.of_rows, *(self.secrets if secrets else ())):
                at = plain.find(canary)
                if at >= 0:
                    self._found.append(f"{place}: {canary} in ...{plain[max(0, at - 200) : at + 60]}...")

    @property
    def found(self) -> list[str]:
        """What was found, each once."""
        return list(dict.fromkeys(self._found))

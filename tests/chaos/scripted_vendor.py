# SPDX-License-Identifier: Apache-2.0
"""A vendor whose answers follow seeded random scripts, down to the byte, and who notes what it said to whom.

What it does with a request depends on the seed, on who is in the request and on how often they were there before; so a
seed tells much the same story each time, however threads take turns.
"""

from __future__ import annotations

import gzip
import random
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from vendor_cases import VendorCase
from wire_server import Peer, Request, proxy

INTERIM = [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
]
#: What may stand behind an answer, but for a second one.
RUBBISH = [b"rubbish", b"HTTP", b"0\r\n\r\n", b"{}"]
#: Headers that make an answer none.
MALFORMED = [
    b"Content-Length: 1\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"no colon\r\n",
    b"X: a\0b\r\n",
    b"X: a\r\n folded\r\n",
    b"Content-Encoding: br\r\n",
]
#: What becomes of a request.
KINDS = [
    *["well"] * 10,
    *["busy", "error", "empty", "early", "none", "cut", "cut", "malformed"],
    *["surplus", "surplus", "second", "late", "hang", "drip"],
]
#: What a proxy says that is asked for a tunnel and gives none.
NO_TUNNEL = [b"", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nmore", b"HT"]


@dataclass
class Notes:
    """What the vendor did, by user."""

    applied: Counter[Any] = field(default_factory=Counter)
    yes: set[Any] = field(default_factory=set)
    no: set[Any] = field(default_factory=set)
    #: Who was asked about while an answer to nobody was on its way: which of two answers is to the request cannot be
    #: told by anybody then.
    crossed: set[Any] = field(default_factory=set)
    #: What a client must not do.
    faults: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass
class Said:
    """One final answer: status and body, and what it says to each user, if anything."""

    status: int
    body: bytes
    words: dict[Any, bool] = field(default_factory=dict)


class ScriptedVendor:
    """Serve connections by the scripts of a seed.

    :param vendor: the vendor whose API it imitates.
    :param seed: tells the scripts.
    :param patience: seconds the client waits for an answer.
    """

    def __init__(self, vendor: VendorCase, seed: int, patience: float) -> None:
        self.vendor = vendor
        self.patience = patience
        self.notes = Notes()
        self.lock = threading.Lock()
        self._seed = seed
        self._tries: Counter[Any] = Counter()

    def serve(self, peer: Peer) -> None:
        """Serve one connection."""
        Conversation(self, peer).run()

    def proxy(self, peer: Peer) -> None:
        """Serve one connection as a proxy that gives no tunnel at times."""
        chance = self.chance("proxy")
        if chance.random() < 0.2 and peer.head().startswith(b"CONNECT"):
            peer.send(chance.choice(NO_TUNNEL))
        else:
            proxy(peer)

    def chance(self, who: Any) -> random.Random:
        """Give what decides this time."""
        with self.lock:
            self._tries[who] += 1
            return random.Random(f"{self._seed} {who} {self._tries[who]}")

    def users(self, request: Request) -> list[Any]:
        """Give who is in a request."""
        return self.vendor.users_in(request.body)

    def verdict(self, words: dict[Any, bool]) -> Said:
        """Give an answer in the vendor's own words."""
        return Said(*self.vendor.response(words), words)


class Conversation:
    """Speak with one client on one connection."""

    def __init__(self, vendor: ScriptedVendor, peer: Peer) -> None:
        self._vendor, self._notes, self._peer = vendor, vendor.notes, peer
        self._asked = self._answered = 0
        self._must_end = self._has_crossed = False
        self._wait = threading.Event()

    def run(self) -> None:
        """Answer requests until something ends the connection."""
        goes_on = True
        while goes_on and (request := self._peer.request()) is not None:
            users = self._take(request)
            chance = self._vendor.chance(users[0])
            kind = chance.choice(KINDS)
            with self._vendor.lock:
                self._notes.kinds[kind] += 1
            goes_on = self._answer(kind, users, chance) and chance.random() > 0.05
        if self._answered > self._asked or self._has_crossed:  # who is asked about in what is on its way?
            socket.socket.shutdown(self._peer.sock, socket.SHUT_WR)
            while (request := self._peer.request()) is not None:
                self._take(request)

    def _take(self, request: Request) -> list[Any]:
        users = self._vendor.users(request)
        self._has_crossed = self._has_crossed or self._answered > self._asked
        self._asked += 1
        with self._vendor.lock:
            if self._has_crossed:
                self._notes.crossed.update(users)
            elif self._must_end:
                self._notes.faults.append(f"a request after what must end a connection: {users}")
        return users

    def _answer(self, kind: str, users: list[Any], chance: random.Random) -> bool:
        """Do something with a request and answer it in some way; return whether more may come of the connection."""
        said = self._said(kind, users, chance)
        if said.words or kind in ("none", "hang"):
            self._apply([user for user in users if said.words.get(user)])
        if kind == "none":
            return self._break_off(chance)
        if kind == "hang":
            return self._idle(b"")
        raw, closes = framed(said, chance, chance.choice(MALFORMED) if kind == "malformed" else b"")
        raw = b"".join(chance.choices(INTERIM, k=chance.choice([0, 0, 0, 1, 3]))) + raw
        if kind == "cut":
            # What ends with its connection is whole wherever its body is cut.
            self._send(raw[: chance.randrange(raw.index(b"\r\n\r\n") if closes else len(raw))], chance)
            return self._break_off(chance)
        if kind == "drip":
            start, again = chance.choice([(b"HTTP/1.1 200 OK\r\nX: ", b"y"), (INTERIM[0], INTERIM[0]), (raw[:-1], b"")])
            self._send(start, chance)
            return self._idle(again)
        self._must_end = closes or kind in ("malformed", "surplus", "second", "empty", "early")
        if kind != "malformed":
            self._note(said)
        if kind in ("surplus", "second"):
            behind = chance.choice(RUBBISH)
            if kind == "second":
                second = self._vendor.verdict(dict.fromkeys(users, True))
                self._note(second)
                behind = framed(second)[0]
                self._answered -= 1  # seen by the client, or none of it
            self._peer.send(raw + behind)
            return not closes
        self._send(raw, chance)
        if kind == "late" and not closes and chance.random() < 0.7:
            self._wait.wait(chance.choice([0, 0, 0.0005, 0.003]))
            self._answered += 1
            self._peer.send(framed(self._vendor.verdict({user: chance.random() < 0.7 for user in users}))[0])
        return not closes

    def _said(self, kind: str, users: list[Any], chance: random.Random) -> Said:
        if kind == "busy":
            return Said(429, b"<html>")
        if kind == "early":  # a refusal that does not look at what is asked
            return Said(413, b"<html>", dict.fromkeys(users, False))
        if kind in ("error", "empty"):
            if chance.random() < 0.5:
                self._apply(users)
            return Said(204, b"") if kind == "empty" else Said(chance.choice([500, 502, 503, 504]), b"<html>")
        if kind in ("none", "hang"):
            return Said(0, b"", dict.fromkeys(users, chance.random() < 0.5))
        return self._vendor.verdict({user: chance.random() < 0.7 for user in users})

    def _send(self, raw: bytes, chance: random.Random) -> None:
        """Send bytes in some segments."""
        cuts = sorted(chance.sample(range(1, len(raw)), min(chance.choice([0, 0, 1, 3]), len(raw) - 1))) if raw else []
        self._peer.send(*(raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)))

    def _break_off(self, chance: random.Random) -> bool:
        if self._has_crossed or chance.random() < 0.5:
            return False
        self._peer.reset()
        return False

    def _idle(self, again: bytes) -> bool:
        """Wait until the client loses patience, and send it a little now and then."""
        while again:
            self._peer.send(again)
            self._wait.wait(self._vendor.patience / 40)
        self._must_end = True
        return True  # the client goes

    def _apply(self, users: list[Any]) -> None:
        with self._vendor.lock:
            self._notes.applied.update(users)

    def _note(self, said: Said) -> None:
        """Note what is said, before it is."""
        self._answered += 1
        with self._vendor.lock:
            for user, yes in said.words.items():
                (self._notes.yes if yes else self._notes.no).add(user)


def framed(said: Said, chance: random.Random | None = None, malformed: bytes = b"") -> tuple[bytes, bool]:
    """Give the bytes of an answer, framed in one of all ways, and tell whether it ends with its connection.

    :param said: the answer.
    :param chance: decides the way; None for the usual one.
    :param malformed: a header that makes it none.
    """
    head, body = b"HTTP/1.1 %d Status\r\nContent-Type: application/json\r\n%b" % (said.status, malformed), said.body
    if said.status == 204:
        return head + b"\r\n", False
    framing = "length"
    if chance is not None:
        if chance.random() < 0.2:
            head, body = head + b"Content-Encoding: gzip\r\n", gzip.compress(body)
        framing = "length" if malformed else chance.choice(["length", "length", "chunks", "close", "1.0"])
    if framing == "chunks" and chance is not None:
        size = chance.randint(1, len(body))
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        trailer = b"X: y\r\n" * (size % 2)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailer + b"\r\n", False
    if framing == "close":
        return head + b"Connection: close\r\n\r\n" + body, True
    if framing == "1.0":
        return head.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n" + body, True
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body, False

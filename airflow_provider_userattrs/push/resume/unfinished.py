# SPDX-License-Identifier: Apache-2.0
"""Which rows of a source that is read by key earlier tries left unfinished, named by keys alone.

Positions cannot name them: a row that was deleted or inserted since moves all that follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_userattrs.push.model.keys import Edge, Gap, decode_key, encode_key, size_of


@dataclass(frozen=True)
class Unfinished:
    """The rows that are not finished: those in a gap of every try.

    Only the database can compare keys, since each orders text in its own way; so the gaps of each try are kept, and
    a row is compared with all of them.

    :param tries: for each try that finished rows, the gaps it left, in their order.
    :param sent_upto: the key up to which unfinished rows may have been sent; None for none.
    """

    tries: tuple[tuple[Gap, ...], ...] = ()
    sent_upto: Any = None

    @property
    def edges(self) -> frozenset[Any]:
        """Return the keys of the finished rows next to gaps."""
        return frozenset(key for gaps in self.tries for gap in gaps for edge in gap for key in edge)

    @property
    def kind(self) -> type | None:
        """Return the type of the keys; None if there is none."""
        keys = [*self.edges, *([] if self.sent_upto is None else [self.sent_upto])]
        return type(keys[0]) if keys else None

    @property
    def size(self) -> int:
        """Return about how many bytes the gaps take as JSON."""
        return sum(size_of(edge) for gaps in self.tries for gap in gaps for edge in gap)

    def after_try(self, gaps: Sequence[Gap]) -> Unfinished:
        """Return what is unfinished after one more try."""
        return Unfinished((*self.tries, tuple(gaps)), self.sent_upto) if gaps else self

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON; `from_dict` reads it."""
        kinds: set[str] = set()
        tries = [[[_written(edge, kinds) for edge in gap] for gap in gaps] for gaps in self.tries]
        [sent_upto] = [None] if self.sent_upto is None else _written((self.sent_upto,), kinds)
        if len(kinds) > 1:
            raise ValueError("keys of more than one type")
        return {"type": "".join(kinds), "tries": tries, "sent_upto": sent_upto}

    @classmethod
    def from_dict(cls, state: Any) -> Unfinished:
        """Return what `as_dict` described.

        :raises ValueError: if it is something else.
        """
        try:
            kind = state["type"]
            tries = tuple(
                tuple(Gap(_read(after, kind), _read(before, kind)) for after, before in gaps) for gaps in state["tries"]
            )
            sent_upto = None if state["sent_upto"] is None else decode_key([kind, state["sent_upto"]])
        except (KeyError, TypeError) as error:
            raise ValueError("not keys") from error
        return cls(tries, sent_upto)


def _written(edge: Edge, kinds: set[str]) -> list[Any]:
    encoded = [encode_key(key) for key in edge]
    kinds.update(kind for kind, _ in encoded)
    return [text for _, text in encoded]


def _read(edge: Any, kind: str) -> Edge:
    if not isinstance(edge, list):
        raise TypeError("no edge")
    return tuple(decode_key([kind, text]) for text in edge)

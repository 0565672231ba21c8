# SPDX-License-Identifier: Apache-2.0
"""Unsets the users who left the query: who they are, whether they may be unset, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.push.changes.journal import Journal
from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.roster import Listed, Roster, unpacked
from airflow_provider_userattrs.push.changes.table import KNOWN, SEEN
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Removed


class Removal:
    """Unsets those who are listed and whom no row of this push names.

    A user is unset again until the vendor accepts it, and then is not listed any more.

    :param known: what the vendor is known to hold; marks those whom a row names.
    :param journal: is told who is about to be unset, and who was.
    :param max_removed: how many of the users known (int), or what share of them (float), may be unset.
    :param attributes: returns the attributes to unset.
    """

    def __init__(
        self,
        known: Known,
        journal: Journal,
        max_removed: int | float,
        attributes: Callable[[], Sequence[str]],
    ) -> None:
        #: How many rows could not be read, so that nobody knows whose they are. A row without an id is nobody's.
        self.unread = 0
        self._names: set[str] = set()
        self._known = known
        self._journal = journal
        self._max_removed = max_removed
        self._attributes = attributes
        self._of = known.roster.count
        self._left = Roster()
        #: Position -> the digests of a user who is being unset.
        self._sent: dict[int, tuple[int, ...]] = {}
        self._withheld: str | None = None
        self._gone = self._accepted = 0
        #: Why users were not unset, and what to do -> how many.
        self._failed: Counter[tuple[str, str]] = Counter()
        self._stopped: str | None = None
        self._has_looked = False

    def see(self, digests: Sequence[int]) -> None:
        """Take notice of users whom a row names."""
        self._known.table.mark(digests, SEEN)

    def see_name(self, user: Any) -> None:
        """Take notice of a user whom a row names by an id that is to be looked up, and was not."""
        self._names.update(_folded(user))

    def find(self, *, is_whole: bool, rows: int, has_failed: bool, is_limited: bool = False) -> bool:
        """Find out who left the query; return whether they may be unset.

        :param is_whole: whether this try has read the query from its first row to its last.
        :param rows: how many rows there were.
        :param has_failed: whether the push failed.
        :param is_limited: whether only the first rows were to be read.
        """
        if is_limited:
            self._withheld = "limit is set, so that not all rows are read"
            return False
        if not is_whole:
            self._withheld = "this try resumed and did not read it from its first row; the next push does"
            return False
        self._has_looked = True
        for block in self._known.listed():
            self._left.add(self._unseen(block))
        if not self._left.count:
            return False
        self._withheld = self._why_withheld(rows, has_failed)
        if self._withheld is None:
            self._keep_alike()
        return self._left.count > 0 and self._withheld is None

    def updates(self) -> Iterator[UserUpdate]:
        """Yield what unsets those who left; before any is yielded, the journal says so.

        :raises RetryLater: if the journal cannot be written.
        """
        names = tuple(self._attributes())
        position = 0
        table = self._known.table
        for block in self._left.blocks():
            about_to_be_sent = [digest for digests, _ in block for digest in digests]
            self._journal.touched += about_to_be_sent
            self._journal.write()
            for digest in about_to_be_sent:  # until it is accepted, nobody knows what the vendor holds
                table.set(digest, table.get(digest) & ~KNOWN)
            for digests, user in block:
                self._sent[position] = digests
                yield UserUpdate(position, *unpacked(user), {}, names, {})
                position += 1

    def record(
        self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict], gone: Collection[str] = ()
    ) -> None:
        """Learn from final verdicts.

        :param rows: what `updates` yielded.
        :param verdicts: one for each.
        :param gone: the codes of verdicts by which the vendor does not know a user any more.
        """
        set_ = self._known.table.set
        for row, verdict in zip(rows, verdicts, strict=True):
            digests = self._sent.pop(row.position)
            if verdict.status is Status.ACCEPTED:
                self._accepted += 1
            elif verdict.status is Status.REJECTED and verdict.code in gone:
                self._gone += 1
            else:
                self._failed[verdict.in_words, verdict.remedy.rstrip(".")] += 1
                continue
            for digest in digests:
                set_(digest, 0)
            self._journal.unset += digests
        self._journal.write_verdicts_if_due()

    def finish(self, why: str | None) -> None:
        """Write into the journal who was unset; who is not in it is unset once more.

        :param why: why not all could be unset, in words, or None.
        """
        self._journal.write_verdicts()
        self._stopped = why

    def close(self) -> None:
        """Free the file of those who left."""
        self._left.close()

    def as_dict(self) -> Removed:
        """Return what the report says of it."""
        return {
            "left": self._left.count if self._has_looked else None,
            "unset": self._accepted,
            "gone": self._gone,
            "withheld": self._withheld,
            "why": self._stopped or self._first_reason(),
        }

    def _first_reason(self) -> str | None:
        """Return the most frequent reason why users were not unset, or None."""
        if not self._failed:
            return None
        (((words, remedy), count),) = self._failed.most_common(1)
        return f"{count:,} x {words} ({remedy})"

    def _unseen(self, block: Sequence[Listed]) -> list[Listed]:
        """Return the users whom no row names, each once."""
        words = self._known.table.look_up([digest for digests, _ in block for digest in digests])
        unseen = {}
        end = 0
        for user in block:
            start, end = end, end + len(user[0])
            if not any(word & SEEN for word in words[start:end]):
                unseen[user[0][0]] = user
        return [*unseen.values()]

    def _keep_alike(self) -> None:
        """Take those for present of whom an id differs from one in the query by case or blanks alone.

        To the vendor both may be one user, who would lose what was just set.
        """
        alike = {each for block in self._left.blocks() for _, user in block for each in _folded(user)}
        there = alike & self._names
        for block in self._known.listed():
            present = self._known.table.look_up([digests[0] for digests, _ in block])
            seen = [user for (_, user), word in zip(block, present, strict=True) if word & SEEN]
            there |= alike.intersection(each for user in seen for each in _folded(user))
        if there:
            left, self._left = self._left, Roster()
            for block in left.blocks():
                self._left.add([user for user in block if there.isdisjoint(_folded(user[1]))])
            left.close()

    def _why_withheld(self, rows: int, has_failed: bool) -> str | None:
        """Return why nobody may be unset, in words, or None."""
        left, of, most = self._left.count, max(self._of, self._left.count), self._max_removed
        if not rows:
            return (
                "there were no rows to push; check the query and what where lets through, and if that is right, unset "
                "them with the operator that unsets"
            )
        if has_failed:
            return "the push failed; the next one that succeeds unsets them"
        if self.unread:
            return f"{counted(self.unread, 'row')} could not be read and may be theirs; fix what the reasons name"
        if not self._attributes():
            return "no row says which attributes there are"
        if (left / of if isinstance(most, float) else left) <= most:
            return None
        share = f" ({left / of * 100:.3g}%)" if isinstance(most, float) else ""
        allows = f"{most * 100:.4g}%" if isinstance(most, float) else counted(most, "user")
        return (
            f"that is {left:,} of {counted(of, 'user')} known{share} and max_removed allows {allows}; check the query, "
            f"and if it is right, push once with max_removed={left}"
        )


def _folded(user: Any) -> list[str]:
    """Return the ids of a user without what case and blanks make of them: spaces, tabs, ends of lines ..."""
    user = unpacked(user)[0]
    ids = [f"{name} {value}" for name, value in user.items()] if isinstance(user, dict) else [str(user)]
    return ["".join(each.split()).casefold() for each in ids]

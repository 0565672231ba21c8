# SPDX-License-Identifier: Apache-2.0
"""The files of what a vendor is known to hold: a snapshot, and the journal of a push that runs.

A push begins with the snapshot, notes in its journal which users it is about to send and what was accepted of them,
and ends with a new snapshot in place of all that it has read. Whatever is in doubt is forgotten, so that it is sent
again: what two snapshots or two journals say differently, and everything if a file is damaged or missing. Where the
users' ids are kept too, a user in doubt keeps its id: the vendor may hold something of it.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from airflow_provider_userattrs.push.changes import roster
from airflow_provider_userattrs.push.changes.checked_file import Checked, Damaged, read_head, reading, writing
from airflow_provider_userattrs.push.changes.folder import File, Folder, delete_files, list_files, numbers_by_run
from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.mark import Mark, read_time
from airflow_provider_userattrs.push.changes.roster import Listed, Roster
from airflow_provider_userattrs.push.changes.table import LISTED, SEEN, Table, read_items

#: The version of the format of both kinds of file.
_FORMAT = 3

NOTHING_BEFORE = "nothing was pushed before"
_DAMAGED = "a file of what is known is damaged or missing"

_NOT_READABLE = (Damaged, KeyError, TypeError, ValueError, OverflowError, EOFError, struct.error)


class _OtherPush(ValueError):
    """Raised when a file is of a push that would send something else."""


class KnownFiles:
    """Reads and writes the files of one task, or of one shard of it.

    :param folder: where they are.
    :param name: what their names begin with.
    :param fingerprint: what a push is told by, in words -> its value; of another push's files nothing is known.
    :param keeps_ids: whether the users' ids are kept too.
    :param outdated: what the names of files begin with that this push deletes, because it sends their users itself:
        once it has, what they say is not known any more.
    """

    def __init__(
        self,
        folder: Folder,
        name: str,
        fingerprint: Mapping[str, str],
        *,
        keeps_ids: bool = False,
        outdated: Collection[str] = (),
    ) -> None:
        self._keeps_ids = keeps_ids
        self._outdated = frozenset(outdated)
        self._folder = folder
        self._name = name
        self._fingerprint = dict(fingerprint)
        self._run = uuid4().hex
        self._number = 0
        self._began_with: Mark | None = None
        self._as_of: float | None = None
        #: The number of the last part of each run's journal that was read.
        self._passed: dict[str, int] = {}
        #: The snapshot that this run began with, and all files that its own snapshot will replace.
        self._base: list[str] = []
        self._read: list[File] = []

    def load(self, *, writes: bool = True, now: float | None = None) -> Known:
        """Return what is known; unless it is one snapshot already, write it as one.

        :param writes: whether to write at all.
        :param now: when the push began, in seconds since 1970; what will be known is from then on, if nothing is yet.
        """
        if self._outdated and writes:
            delete_files(self._folder, self._outdated)
        files = self._read = list_files(self._folder, self._name)
        known = Known(full=NOTHING_BEFORE, as_of=now)
        is_one = False
        try:
            is_one = self._load(known, files)
        except (_OtherPush, *_NOT_READABLE) as error:
            known.close()
            known = Known(full=str(error) if isinstance(error, _OtherPush) else _DAMAGED, as_of=now)
        self._began_with = known.mark = known.mark and known.mark.settled
        self._as_of = known.as_of
        if is_one:
            self._base = [file.name for file in files]
        elif files and writes:
            self.close(known)
        return known

    def note(
        self,
        touched: Sequence[int],
        accepted: Sequence[int],
        users: Sequence[Listed] = (),
        unset: Sequence[int] = (),
    ) -> None:
        """Write a part of the journal.

        :param touched: the digests of users who are about to be sent: nothing is known of them any more.
        :param accepted: digest and value of each that was accepted, one after the other.
        :param users: those who are to be listed.
        :param unset: the digests of users of whom the vendor holds nothing any more.
        """
        number = self._number + 1
        file = File.part(self._name, self._run, number)
        words = {"touched": touched, "accepted": accepted, "unset": unset}
        mark = self._began_with and self._began_with.at.isoformat()
        counts = {what: len(digests) for what, digests in words.items()}
        head = {"base": self._base, "as_of": self._as_of, "mark": mark, **counts}
        with writing(self._folder.write(file.name), self._head(head)) as target:
            for digests in words.values():
                target.write(array("Q", digests).tobytes())
            roster.write(target.write, [users])
        self._number = number  # only now: a part that could not be written must not be missed
        self._read.append(file)

    def close(self, known: Known) -> None:
        """Write what is known as the snapshot that replaces all that this run has read or written.

        The second of two runs at once to end takes in the snapshot of the first, and forgets what both do not agree on.
        The first takes in the journal of the second so far, and forgets whom it has sent.
        """
        known.table.clear_flags(SEEN)
        others = [file for file in list_files(self._folder, self._name) if file not in self._read]
        try:
            snapshots, parts = self._current([file for file in others if file.run != self._run])
            for file in snapshots:
                self._add_snapshot(known, file, is_first=False)
            for file in parts:
                self._add_part(known, file, (), is_alone=False)
        except (_OtherPush, *_NOT_READABLE):
            known.close()
            known.table, known.roster, known.mark = Table(), Roster(), None
        self._read += others
        known.table.pack()
        file = File.snapshot(self._name, uuid4().hex)
        replaced = self._read
        head = {
            "cells": known.table.cells,
            "as_of": known.as_of,
            "mark": None if known.mark is None else known.mark.as_dict(),
            "replaces": [each.name for each in replaced if each.is_snapshot],
            "replaces_parts": {run: max(numbers) for run, numbers in numbers_by_run(replaced).items()},
        }
        with writing(self._folder.write(file.name), self._head(head)) as target:
            known.table.write(target.write)
            roster.write(target.write, known.listed())
        for each in replaced:
            self._folder.delete(each.name)
        self._base, self._read = [file.name], [file]

    def _load(self, known: Known, files: Sequence[File]) -> bool:
        """Add what the files say; return whether they are one snapshot."""
        snapshots, parts = self._current(files)
        for count, file in enumerate(snapshots):
            self._add_snapshot(known, file, is_first=not count)
        if parts and not snapshots:
            known.as_of = math.inf  # each part has a time, or none
        is_alone = len(numbers_by_run(parts)) == 1
        base = [file.name for file in snapshots]
        for file in parts:
            self._add_part(known, file, base, is_alone=is_alone)
        if snapshots or parts:
            known.full = None
        return len(files) == len(snapshots) == 1

    def _current(self, files: Sequence[File]) -> tuple[list[File], list[File]]:
        """Return the snapshots and the parts of journals that no snapshot replaces.

        :raises Damaged: if a part is missing.
        """
        heads = {file: self._checked(read_head(self._folder.read(file.name))) for file in files if file.is_snapshot}
        replaced = {name for head in heads.values() for name in head["replaces"]}
        passed = self._passed
        for head in heads.values():
            for run, number in head["replaces_parts"].items():
                passed[run] = max(number, passed.get(run, 0))
        parts = [file for file in files if file.number is not None and file.number > passed.get(file.run, 0)]
        for run, numbers in numbers_by_run(parts).items():
            first = passed.get(run, 0) + 1
            if numbers != list(range(first, first + len(numbers))):
                raise Damaged
            passed[run] = numbers[-1]
        return [file for file in heads if file.name not in replaced], parts

    def _add_snapshot(self, known: Known, file: File, *, is_first: bool) -> None:
        with reading(self._folder.read(file.name)) as (head, source):
            self._checked(head)
            cells = int(head["cells"])
            if not is_first:
                known.dispute(read_items(source.read_words, cells))
                self._list(known, source)
            else:
                table = Table.read(source.read_into, cells)
                known.table.close()
                known.table = table
                for block in roster.read(source.read):
                    known.roster.add(block if self._keeps_ids else ())
                if not self._keeps_ids:
                    table.clear_flags(LISTED)
        as_of, mark = head["as_of"], Mark.from_dict(head["mark"])
        if is_first:
            known.as_of, known.mark = as_of, mark
            return
        known.mark = known.mark and known.mark.merged(mark)
        known.as_of = _earlier(known.as_of, as_of)

    def _list(self, known: Known, source: Checked) -> None:
        """Read users and list those that are not."""
        for block in roster.read(source.read):
            if self._keeps_ids:
                known.list_users(block)

    def _add_part(self, known: Known, file: File, base: Sequence[str], *, is_alone: bool) -> None:
        with reading(self._folder.read(file.name)) as (head, source):
            self._checked(head)
            touched, accepted, unset = (source.read_words(head[what]) for what in ("touched", "accepted", "unset"))
            self._list(known, source)
        # A journal of an earlier version has no time; the snapshot that it follows has.
        known.as_of = _earlier(known.as_of, head.get("as_of", None if known.as_of == math.inf else known.as_of))
        # Whom it sent is read again, if that was after the push that moved the mark.
        known.mark = known.mark and known.mark.not_after(None if head["mark"] is None else read_time(head["mark"]))
        known.learn(touched, accepted, unset, follows=is_alone and head["base"] == base)

    def _head(self, head: Mapping[str, Any]) -> dict[str, Any]:
        return {"format": _FORMAT, "fingerprint": self._fingerprint, **head}

    def _checked(self, head: dict[str, Any]) -> dict[str, Any]:
        """Return a file's first line.

        :raises _OtherPush: if the file is of another push.
        """
        if head["format"] != _FORMAT:
            raise _OtherPush("this package changed")
        fingerprint = head["fingerprint"]
        if differ := [what for what, value in self._fingerprint.items() if fingerprint.get(what) != value]:
            raise _OtherPush(f"{' and '.join(differ)} changed")
        return head


def _earlier(one: float | None, other: float | None) -> float | None:
    """Return the earlier of two times; None if there is none for one of them."""
    return None if one is None or other is None else min(one, other)

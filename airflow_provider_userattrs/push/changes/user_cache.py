# SPDX-License-Identifier: Apache-2.0
"""Which user of the vendor each id names, kept from one push to the next, so that only new ids are looked up.

Ids are kept as keyed digests of 112 bits: with another user's id a person's data would go to another. What is lost,
damaged, too old or in doubt is looked up again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from typing import Any
from uuid import uuid4

from airflow_provider_userattrs.push.changes.checked_file import Checked, Damaged, reading, writing
from airflow_provider_userattrs.push.changes.folder import Folder
from airflow_provider_userattrs.push.changes.table import Table
from airflow_provider_userattrs.push.model.clock import Clock

#: The version of the format of a file.
_FORMAT = 2

_NAME = re.compile(r"\.[0-9a-f]{32}\.users")

#: In place of a user: the id is to be looked up again.
_FORGOTTEN = 2**64 - 1

_SECONDS_A_DAY = 86_400
_DAYS = 0xFFFF

#: Files are made one when there are more, or when a push has found a quarter as many users as were known.
_MAX_FILES, _MANY = 8, 0.25

_DAMAGED = (Damaged, KeyError, TypeError, ValueError, OverflowError)


class _Users:
    """Users by the digests of ids, with the day on which each was looked up."""

    def __init__(self, users: Table | None = None, marks: Table | None = None) -> None:
        self.users = users or Table()
        #: Key -> the rest of the id's digest, and the day.
        self.marks = marks or Table()

    def put(self, key: int, user: int, mark: int) -> None:
        """Keep a user; of two that were found on different days the later one."""
        before, held = self.marks.get(key), self.users.get(key)
        if held and before != mark:
            if before >> 16 != mark >> 16 or before & _DAYS > mark & _DAYS:
                return
        elif held and held != user:
            user = _FORGOTTEN
        self.users.set(key, user)
        self.marks.set(key, mark)

    def write(self, target: Checked) -> None:
        """Write all cells."""
        self.users.write(target.write)
        self.marks.write(target.write)

    def close(self) -> None:
        """Free the memory."""
        self.users.close()
        self.marks.close()


class UserCache:
    """Remembers the users that were looked up.

    :param folder: where the files are.
    :param name: what their names begin with; it stands for the project, the kind of ids and the secret.
    :param secret: keys the digests, so that nobody finds out by guessing whose they are.
    :param max_age: after how many whole days a user is looked up again at the latest. Each has a time of its own in the
        second half of it, so that not all are due at once.
    :param writes: whether what is found is kept; a dry run only reads.
    :param on_failure: called with the error if it cannot be kept.
    :param clock: the source of time.
    """

    def __init__(
        self,
        folder: Folder,
        name: str,
        secret: bytes,
        *,
        max_age: timedelta,
        writes: bool = True,
        on_failure: Callable[[Exception], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._folder = folder
        self._name = name
        self._digest = blake2b(key=secret, digest_size=16, person=b"id of a user")
        self._max_days = max_age // timedelta(days=1)
        self._writes = writes
        self._on_failure = on_failure
        self._today = int((clock or Clock()).time() // _SECONDS_A_DAY) & _DAYS
        self._known = _Users()
        self._new = _Users()
        self._added = 0
        names = [each for each in folder.names() if each.startswith(name) and _NAME.fullmatch(each, len(name))]
        #: Those that may be replaced; one that another push has replaced, or a storage that fails, is left alone.
        self._files = [file for file in sorted(names) if self._load(file)]

    def get(self, name: str) -> int | None:
        """Return the user that an id names, or None if it is not known, or for too long."""
        key, check = self._digests(name)
        for each in (self._new, self._known):
            user = each.users.get(key)
            if user:
                mark = each.marks.get(key)
                return user if mark >> 16 == check and user != _FORGOTTEN and self._is_young(key, mark) else None
        return None

    def add(self, name: str, user: int) -> None:
        """Remember the user that an id names."""
        key, check = self._digests(name)
        self._new.users.set(key, user)
        self._new.marks.set(key, check << 16 | self._today)
        self._added += 1

    def forget(self, name: str) -> None:
        """Forget the user that an id names: the next push looks it up."""
        self.add(name, _FORGOTTEN)

    def close(self, *, complete: bool) -> None:
        """Keep what was found.

        :param complete: whether the push came to its end, so that there is time to make several files one.
        """
        if not self._writes or not self._added:
            return
        try:
            is_one = complete and (len(self._files) >= _MAX_FILES or self._added >= _MANY * self._known.users.cells)
            if is_one:
                self._merge(self._known, self._new)
                self._drop_old(self._known)
            self._write(self._known if is_one else self._new)
            for file in self._files if is_one else ():
                self._folder.delete(file)
        except Exception as error:  # each storage has exceptions of its own
            if self._on_failure is not None:
                self._on_failure(error)

    def _digests(self, name: str) -> tuple[int, int]:
        digest = self._digest.copy()
        digest.update(name.encode())
        both = digest.digest()
        return int.from_bytes(both[:8], "little") or 1, int.from_bytes(both[8:14], "little")

    def _is_young(self, key: int, mark: int) -> bool:
        limit = self._max_days * (1 + (key & 0xFF) / 0xFF) / 2
        return (self._today - mark) & _DAYS < limit  # it may be a day older: it was found some time on its day

    def _load(self, file: str) -> bool:
        """Add what a file says, if it is not damaged; return whether it could be read."""
        try:
            with reading(self._folder.read(file)) as (head, source):
                if head["format"] != _FORMAT:
                    raise Damaged
                users = Table.read(source.read_into, int(head["users"]))
                found = _Users(users, Table.read(source.read_into, int(head["marks"])))
        except _DAMAGED:
            return True
        except Exception:  # each storage has exceptions of its own
            return False
        if found.users.cells > self._known.users.cells:
            self._known, found = found, self._known
        self._merge(self._known, found)
        found.close()
        return True

    def _merge(self, into: _Users, others: _Users) -> None:
        for table, other in ((into.users, others.users), (into.marks, others.marks)):
            table.reserve(len(other))
        for key, user in others.users.items():
            into.put(key, user, others.marks.get(key))

    def _drop_old(self, users: _Users) -> None:
        for key, user in users.users.items():  # a key that loses its value keeps its cell
            if user == _FORGOTTEN or not self._is_young(key, users.marks.get(key)):
                users.users.set(key, 0)
                users.marks.set(key, 0)

    def _write(self, users: _Users) -> None:
        for table in (users.users, users.marks):
            table.pack()
        file = f"{self._name}.{uuid4().hex}.users"
        head: dict[str, Any] = {"format": _FORMAT, "users": users.users.cells, "marks": users.marks.cells}
        with writing(self._folder.write(file), head) as target:
            users.write(target)

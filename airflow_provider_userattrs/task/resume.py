# SPDX-License-Identifier: Apache-2.0
"""Where a try of a task begins: at the first row, or where the last try stopped."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint, Store
from airflow_provider_userattrs.task.log import Log
from airflow_provider_userattrs.task.seal import Seal, SealedStore
from airflow_provider_userattrs.task.stores import Slots

_WAYS_OUT = "set retries=0; allow_restart=True sends all rows again with each try"


class Resume:
    """Decides where a try begins.

    :param idempotent: whether an update may be sent twice.
    :param retries: whether Airflow may try the task again.
    :param allow_restart: whether the author allows that rows are sent again all the same.
    :param max_tries: the task's; it changes when a person clears the task.
    :param seal: decrypts the keys that an earlier try stored.
    :param log: the task's log.
    """

    def __init__(
        self, *, idempotent: bool, retries: bool, allow_restart: bool, max_tries: int | None, seal: Seal, log: Log
    ) -> None:
        self._may_restart = idempotent or allow_restart
        self._retries = retries
        self._max_tries = max_tries
        self._seal = seal
        self._log = log

    def without_store(self, why: str, remedy: str = "") -> None:
        """Refuse or log that no checkpoint can be stored.

        :param why: why not.
        :param remedy: what would help.
        :raises RefusedConfiguration: if a retry would send again what must not be sent twice.
        """
        if not self._retries:
            return
        if not self._may_restart:
            ways = f"{remedy}, or {_WAYS_OUT}" if remedy else _WAYS_OUT
            raise RefusedConfiguration(
                f"{why}, and a retry of this task would send again what must not be sent twice; {ways}"
            )
        self._log.info("%s: a retry starts at the first row%s", why, f" ({remedy} to change that)" if remedy else "")

    def begin(self, slots: Slots, fingerprint: Fingerprint) -> tuple[Store, Checkpoint]:
        """Return the checkpoint's store, and where to begin.

        :param slots: where checkpoints are stored.
        :param fingerprint: which push this is.
        :raises RetryLater: if it cannot be read, and rows must not be sent twice.
        :raises RefusedConfiguration: if it is damaged or another push's, and rows must not be sent twice.
        """
        fresh = Checkpoint(fingerprint)
        first, checkpoint = "", None
        for key, store in slots:
            found = self._read(store, fresh)
            if found is not None and not found.fingerprint.differs_in(fingerprint):
                # If it is complete, its rows are finished; only a task that a person cleared pushes them again.
                is_cleared = found.complete and found.round != self._max_tries
                return SealedStore(slots.take(key), self._seal), fresh if is_cleared else self._opened(found, fresh)
            first, checkpoint = first or key, checkpoint or found
            if found is None:
                break
        if checkpoint is None or (checkpoint.complete and checkpoint.round != self._max_tries):
            return SealedStore(slots.take(first), self._seal), fresh
        changed = checkpoint.fingerprint.differs_in(fingerprint)
        checkpoint = self._restart(fresh, f"{' and '.join(changed)} changed since the last try", checkpoint)
        return SealedStore(slots.take(first), self._seal), checkpoint

    def _opened(self, found: Checkpoint, fresh: Checkpoint) -> Checkpoint:
        if found.complete or not isinstance(found.keys, str):
            return replace(found, keys=None) if found.complete else found
        try:
            return replace(found, keys=self._seal.open(found.keys))
        except ValueError as error:
            return self._restart(fresh, str(error), found)

    def _read(self, store: Store, fresh: Checkpoint) -> Checkpoint | None:
        try:
            state = store.read()
            return None if state is None else Checkpoint.from_dict(state)
        except ValueError as error:
            return self._restart(fresh, str(error))
        except Exception as error:  # each store has exceptions of its own
            if not self._may_restart:
                raise RetryLater(
                    f"The checkpoint cannot be read ({type(error).__name__}), so nothing was sent; fix the storage of "
                    "checkpoint_path, or without one Airflow's API server, then retry the task"
                ) from error
            self._log.warning("The checkpoint cannot be read (%s): starting at the first row", type(error).__name__)
            return fresh

    def _restart(self, fresh: Checkpoint, why: str, found: Checkpoint | None = None) -> Checkpoint:
        if not self._may_restart:
            raise RefusedConfiguration(
                f"{_accepted(found)}Rows may have been sent by an earlier try, and cannot be told from the others: "
                f"{why}. Check at the vendor what was applied; then push the rest as a new run, or set "
                "allow_restart=True"
            )
        self._log.warning("Starting at the first row: %s", why)
        return fresh


def _accepted(found: Checkpoint | None) -> str:
    """Return a sentence on the rows accepted by earlier tries, which the report of a refused try does not count."""
    accepted = Counts.restored(found.counts).counts[Status.ACCEPTED] if found else 0
    return f"Earlier tries got {counted(accepted, 'row')} accepted. " if accepted else ""

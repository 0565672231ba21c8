# SPDX-License-Identifier: Apache-2.0
"""What the three hooks share: an Airflow connection in, one authenticated request out, one verdict a user back."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from typing import ClassVar

import requests
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_userattrs.hooks.masking import mask_secret
from airflow_provider_userattrs.hooks.settings import Settings, read_settings
from airflow_provider_userattrs.hooks.transport import Transport
from airflow_provider_userattrs.push.delivery.batching import Batcher
from airflow_provider_userattrs.push.delivery.classify import NO_ANSWER, UNREADABLE, no_connection
from airflow_provider_userattrs.push.model.errors import InvalidRow, NoAnswer, NotSent, PushError
from airflow_provider_userattrs.push.model.operation import Operation, Send
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Action, Outcome, Status, Verdict


class VendorHook(BaseHook):
    """Hold a vendor's connection and speak its API, one request at a time.

    :param conn_id: the Airflow connection.
    """

    conn_name_attr: ClassVar[str]
    default_conn_name: ClassVar[str]
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]

    #: The connection type's own extra.
    choice: ClassVar[str]

    #: Whether the login is a secret too, and not a name.
    login_is_secret: ClassVar[bool] = True

    def __init__(self, conn_id: str) -> None:
        super().__init__()
        self.conn_id = conn_id

    @cached_property
    def settings(self) -> Settings:
        """The checked connection.

        :raises RefusedConfiguration: if anything is missing, unknown or out of range; it names the field.
        """
        settings = read_settings(self.get_connection(self.conn_id), self.conn_type, self.choice)
        mask_secret(settings.password)
        if self.login_is_secret:
            mask_secret(settings.login)
        # Both together, too, as they stand in the header that requests derives from them.
        mask_secret(base64.b64encode(f"{settings.login}:{settings.password}".encode()).decode())
        return settings

    @cached_property
    def transport(self) -> Transport:
        """What sends this connection's requests."""
        return Transport(self.settings, self.settings.base_url or self.vendor_url(self.settings))

    @property
    def destination(self) -> str:
        """Where the users are, as the URI of an asset."""
        return f"{self.conn_type}://{self.settings.choice}/users"

    def vendor_url(self, settings: Settings) -> str:
        """Return the vendor's own base URL for these settings."""
        raise NotImplementedError

    def path_of(self, operation: Operation) -> str:
        """Return where requests of an operation go, below the base URL."""
        return operation.path

    def get_conn(self) -> requests.Session:
        """Return this thread's authenticated session."""
        return self.transport.session()

    def sender(self, operation: Operation) -> Send:
        """Return what sends one request body of an operation and returns the answer, whatever its status.

        It may be called from several threads at once, and raises `NotSent` if no connection could be had, `NoAnswer`
        if the request may have arrived and no answer came back, `RefusedConfiguration` if the connection cannot work.

        :param operation: the operation.
        """
        return partial(self.transport.post, self.path_of(operation))

    def abort(self) -> None:
        """Break off the requests under way, whichever thread they are in."""
        if "transport" in self.__dict__:
            self.transport.abort()

    def close(self) -> None:
        """Close the sessions of all threads."""
        if "transport" in self.__dict__:
            self.transport.close()

    @staticmethod
    def names(attributes: Iterable[str]) -> tuple[str, ...]:
        """Return the names of attributes to remove.

        :raises ValueError: if it is one text, which would be taken for its letters.
        """
        if isinstance(attributes, (str, bytes)):
            raise ValueError("attributes is a text; give a list of names")
        return tuple(attributes)

    def push(self, operation: Operation, updates: Sequence[UserUpdate | Outcome]) -> list[Verdict]:
        """Send updates in one request, without a retry, and return one verdict for each, in their order.

        :param operation: the operation.
        :param updates: at most as many as the operation takes; an outcome is not sent and keeps its verdict.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        if len(updates) > operation.max_users:
            raise ValueError(
                f"{operation.vendor} takes at most {operation.max_users} users a request, not {len(updates)}; "
                "send them in parts, or use the operator, which does"
            )
        verdicts = {update.position: update.verdict for update in updates if isinstance(update, Outcome)}
        batcher, parts = Batcher(operation), []
        for update in updates:
            if isinstance(update, UserUpdate):
                try:
                    parts.append((update.position, batcher.encode(update)))
                except InvalidRow as invalid:
                    verdicts[update.position] = invalid.verdict
        if parts:
            body = operation.head + b",".join(part for _, part in parts) + operation.tail
            answered = self._verdicts(operation, body, len(parts))
            verdicts.update(zip((position for position, _ in parts), answered, strict=True))
        return [verdicts[update.position] for update in updates]

    def _verdicts(self, operation: Operation, body: bytes, users: int) -> list[Verdict]:
        try:
            answer = self.sender(operation)(body)
        except NotSent as error:
            return [no_connection(error)] * users
        except NoAnswer:
            return [NO_ANSWER] * users
        verdicts = operation.read(answer, users)
        return verdicts if len(verdicts) == users else [UNREADABLE] * users

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the connection can work, and a sentence on it, without changing anything at the vendor."""
        try:
            return self.probe()
        except (NotSent, NoAnswer) as error:
            return False, f"{error}: check the host, the network and the proxy."
        except PushError as error:
            return False, str(error)

    def probe(self) -> tuple[bool, str]:
        """Ask something harmless that tells right credentials from wrong ones, as far as the vendor lets one."""
        base_url, verdict = self.transport.base_url, self.ask_for_nobody()
        if verdict.action is Action.STOP:
            return False, f"{base_url} refuses the request: {verdict.meaning} ({verdict.code}). {verdict.remedy}"
        if verdict.status in (Status.UNKNOWN, Status.UNSENT):
            return False, (
                f"{base_url} answers otherwise than {self.hook_name}: {verdict.meaning} ({verdict.code}). Check the "
                "host, or try again later."
            )
        return True, (
            f"{base_url} answers, and refuses neither key. {self.hook_name} has no call that confirms them: the first "
            "push will."
        )

    def ask_for_nobody(self) -> Verdict:
        """Send a request that can change nothing, and return the verdict on it."""
        raise NotImplementedError

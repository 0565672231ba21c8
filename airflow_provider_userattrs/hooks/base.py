# SPDX-License-Identifier: Apache-2.0
"""What the hooks share: from an Airflow connection to an authenticated request, and a verdict for each user."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from threading import Lock
from typing import Any, ClassVar

import requests

from airflow_provider_userattrs._airflow import BaseHook
from airflow_provider_userattrs.hooks.forms import connection_form_widgets, ui_field_behaviour
from airflow_provider_userattrs.hooks.masking import mask_secret
from airflow_provider_userattrs.hooks.settings import Settings, read_settings
from airflow_provider_userattrs.hooks.transport import Transport
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import (
    InvalidRow,
    NoResponse,
    NotSent,
    PushError,
    RefusedConfiguration,
)
from airflow_provider_userattrs.push.model.operation import Operation, Response, Send
from airflow_provider_userattrs.push.model.read_back import ReadBack
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Action, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import NOT_REACHED
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.push import Push


class VendorHook(BaseHook):
    """Base class of the hooks: a vendor's API.

    :param conn_id: the Airflow connection.
    """

    conn_name_attr: ClassVar[str]
    default_conn_name: ClassVar[str]
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]

    #: The name of the connection type's own extra.
    choice: ClassVar[str]

    #: Whether the login is a secret too, and not just an identifier.
    login_is_secret: ClassVar[bool] = True

    #: The source of time.
    clock: Clock = Clock()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each hook class forms of its own: Airflow before 3.2 does not look for inherited ones."""
        super().__init_subclass__(**kwargs)
        cls.get_connection_form_widgets = classmethod(connection_form_widgets)  # type: ignore[method-assign,assignment]
        cls.get_ui_field_behaviour = classmethod(ui_field_behaviour)  # type: ignore[method-assign,assignment]

    def __init__(self, conn_id: str) -> None:
        super().__init__()
        self.conn_id = conn_id
        self._transport: Transport | None = None
        self._making = Lock()

    @cached_property
    def settings(self) -> Settings:
        """The checked connection.

        :raises RefusedConfiguration: if anything is missing, unknown or out of range; it names the field.
        """
        settings = read_settings(self.get_connection(self.conn_id), self.conn_type, self.choice)
        mask_secret(settings.password)
        if self.login_is_secret:
            mask_secret(settings.login)
        # The Authorization header that requests builds from both.
        mask_secret(base64.b64encode(f"{settings.login}:{settings.password}".encode()).decode())
        return settings

    @property
    def transport(self) -> Transport:
        """The connection's transport."""
        with self._making:  # one for all threads; from Python 3.12 on, a cached_property makes one for each
            if self._transport is None:
                self._transport = Transport(self.settings, self.settings.base_url or self.vendor_url(self.settings))
            return self._transport

    @property
    def destination(self) -> str:
        """The vendor's users, as an asset's URI."""
        return f"{self.conn_type}://{self.settings.choice}/users"

    def vendor_url(self, settings: Settings) -> str:
        """Return the vendor's own base URL for these settings."""
        raise NotImplementedError

    def path_of(self, operation: Operation) -> str:
        """Return the path of an operation's requests, below the base URL."""
        return operation.path

    def get_conn(self) -> requests.Session:
        """Return this thread's authenticated session."""
        return self.transport.session()

    def sender(self, operation: Operation) -> Send:
        """Return a function that sends one request body of an operation and returns the response, whatever its status.

        It may be called from several threads at once. It raises `NotSent` if no connection could be opened,
        `NoResponse` if the request may have arrived and no readable response came back, and `RefusedConfiguration` if
        the connection cannot work.

        :param operation: the operation.
        """
        return partial(self.transport.post, self.path_of(operation))

    def reader(self, read_back: ReadBack) -> Send:
        """Return a function that sends one request body of the call that reads users back, like that of `sender`.

        :param read_back: the call.
        """
        return partial(self.transport.post, read_back.path)

    def abort(self) -> None:
        """Abort the requests in progress, in all threads."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close the sessions of all threads."""
        if self._transport is not None:
            self._transport.close()

    def push(
        self,
        operation: Operation,
        users: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
        *,
        timezone: str = "UTC",
        unset: tuple[str, ...] = (),
        unset_nulls: bool = False,
    ) -> list[Verdict]:
        """Push users as an operator does and return one verdict for each, in their order.

        Requests that fail for a passing cause are sent again, up to five times in all.

        :param operation: the operation.
        :param users: what names each user, and its attributes.
        :param timezone: where naive datetimes are from; an IANA name.
        :param unset: the names of the attributes to remove from every user.
        :param unset_nulls: whether None removes an attribute instead of being left out.
        :raises ValueError: if there is no such time zone.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        try:
            mapper = Mapper(operation.rules(time_zone(timezone)), {}, unset=unset, unset_nulls=unset_nulls)
        except InvalidRow as invalid:
            return [invalid.verdict] * len(users)
        updates = (mapper.map_values(position, user, values) for position, (user, values) in enumerate(users))
        return self.push_updates(operation, updates, len(users))

    def push_updates(self, operation: Operation, updates: Iterable[UserUpdate | Outcome], count: int) -> list[Verdict]:
        """Push updates and return one verdict for each, in their order.

        :param operation: the operation.
        :param updates: the updates, or outcomes where there is nothing to send; their positions count from 0.
        :param count: how many there are.
        :raises RefusedConfiguration: if the connection cannot work.
        """
        verdicts = [NOT_REACHED] * count

        def note(rows: Sequence[UserUpdate | Outcome], given: Sequence[Verdict]) -> None:
            for row, verdict in zip(rows, given, strict=True):
                verdicts[row.position] = verdict

        send = _Sender(self.sender(operation))
        plan = PushPlan(
            operation, rate=self.settings.rate_limit, on_verdicts=(note,), abort=self.abort, clock=self.clock
        )
        Push(plan).run(updates, send)
        if send.refused is not None:
            raise send.refused
        return verdicts

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the connection can work, and a sentence on it, without changing anything at the vendor."""
        try:
            return self.probe()
        except (NotSent, NoResponse) as error:
            return False, f"{error}: check the host, the network and the proxy."
        except PushError as error:
            return False, str(error)

    def probe(self) -> tuple[bool, str]:
        """Send a harmless request that shows whether the credentials are valid, as far as the vendor allows that."""
        base_url, verdict = self.transport.base_url, self.check_credentials()
        if verdict.action is Action.STOP:
            return False, f"{base_url} rejected the request: {verdict.meaning} ({verdict.code}). {verdict.remedy}"
        if verdict.status in (Status.UNKNOWN, Status.UNSENT):
            return False, (
                f"{base_url} does not respond as {self.hook_name} does: {verdict.meaning} ({verdict.code}). Check the "
                "host, or try again later."
            )
        return True, (
            f"{base_url} responded and did not reject the credentials. {self.hook_name} has no call that confirms "
            "them: the first push will."
        )

    def check_credentials(self) -> Verdict:
        """Send a request that can change nothing, and return the verdict on it."""
        raise NotImplementedError


class _Sender:
    """Remembers why no request can be sent at all, which the caller must know: it is no verdict on a user.

    :param send: sends one request body.
    """

    def __init__(self, send: Send) -> None:
        self.refused: RefusedConfiguration | None = None
        self._send = send

    def __call__(self, body: bytes, **options: Any) -> Response:
        try:
            return self._send(body, **options)
        except RefusedConfiguration as refused:
            self.refused = refused
            raise

# SPDX-License-Identifier: Apache-2.0
"""From an Airflow connection to checked settings; an error names the field, and nothing is guessed."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn, Protocol
from urllib.parse import urlsplit

from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.kinds import kind_of, setting_of, with_article
from airflow_provider_userattrs.push.model.phrases import did_you_mean

#: Seconds for connecting, and for each request until its response is complete; without them a push could hang.
DEFAULT_TIMEOUT = (10.0, 30.0)

#: The extras that every connection type has.
_COMMON = frozenset({"timeout", "rate_limit", "verify", "cert", "allow_http"})

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")


class AirflowConnection(Protocol):
    """What is read of an Airflow connection."""

    conn_id: str
    conn_type: str | None
    host: str | None
    port: int | None
    schema: str | None
    login: str | None
    password: str | None
    extra: str | None

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """Return the extras."""


@dataclass(frozen=True)
class Settings:
    """A checked connection.

    :param login: the vendor's first credential.
    :param password: the vendor's second credential.
    :param base_url: where requests go, without a trailing slash; empty for the vendor's own URL.
    :param choice: the connection type's own extra, such as the region; None if it is unset and has no default.
    :param own: the connection type's further extras of its own that are set, as text.
    :param timeout: seconds for connecting, and for each request until its response is complete.
    :param rate_limit: cap per second in the vendor's unit, or None.
    :param verify: as requests takes it: True, False or the path of a CA bundle.
    :param cert: as requests takes it: None, a path, or the paths of certificate and key.
    """

    login: str = field(repr=False)
    password: str = field(repr=False)
    base_url: str
    choice: str | None
    own: Mapping[str, str]
    timeout: tuple[float, float]
    rate_limit: float | None
    verify: bool | str
    cert: str | tuple[str, str] | None


@cache
def declaration(connection_type: str) -> dict[str, Any]:
    """Return the declaration of a connection type in ``get_provider_info``."""
    declarations: Any = get_provider_info()["connection-types"]
    match: dict[str, Any] = next(item for item in declarations if item["connection-type"] == connection_type)
    return match


def read_settings(connection: AirflowConnection, connection_type: str, choice: str) -> Settings:
    """Return a connection's settings.

    :param connection: the Airflow connection.
    :param connection_type: the type it is read as.
    :param choice: the name of the type's own extra.
    :raises RefusedConfiguration: if anything is missing, unknown or out of range; it names the field.
    """
    return _SettingsReader(connection, declaration(connection_type)).settings(choice)


class _SettingsReader:
    def __init__(self, connection: AirflowConnection, declaration: Mapping[str, Any]) -> None:
        self._connection = connection
        self._labels = declaration["ui-field-behaviour"]["relabeling"]
        self._fields = declaration["conn-fields"]
        own = declaration["connection-type"]
        # A connection may have been defined without a type. One of another type has another service's credentials, and
        # they must not be sent to this vendor.
        if connection.conn_type and connection.conn_type != own:
            raise RefusedConfiguration(
                f"Connection {connection.conn_id!r} is {with_article(connection.conn_type)} connection, not {own}; "
                f"give a connection of the type {own!r}."
            )
        if connection.extra and not _is_json_object(connection.extra):  # Airflow would treat it as no extras at all
            self._refuse("extra is not a JSON object")
        # A form submits empty fields as "" or null.
        self._extras = {
            name: value for name, value in connection.extra_dejson.items() if value is not None and value != ""
        }

    def settings(self, choice: str) -> Settings:
        self._allow_http = self._flag("allow_http")
        unknown = sorted(self._extras.keys() - self._fields.keys())
        if unknown:
            known = sorted(self._fields)
            self._refuse(f"extra {unknown[0]!r} is unknown{did_you_mean(unknown[0], known)}; use {', '.join(known)}")
        return Settings(
            login=self._credential("login"),
            password=self._credential("password"),
            base_url=self._base_url(),
            choice=self._choice(choice),
            own={name: self._own(name) for name in self._extras.keys() - _COMMON - {choice}},
            timeout=self._timeout(),
            rate_limit=self._positive("rate_limit", self._extras.get("rate_limit")),
            verify=self._verify(),
            cert=self._cert(),
        )

    def _refuse(self, problem: str) -> NoReturn:
        raise RefusedConfiguration(f"Connection {self._connection.conn_id!r}: {problem}.")

    def _credential(self, name: str) -> str:
        value = getattr(self._connection, name)
        if not value:
            self._refuse(f"{name} is empty; it holds the {self._labels[name]}")
        if _has_blank_end(value):
            self._refuse(
                f"{name} begins or ends with a blank, a line break or an invisible character; write the "
                f"{self._labels[name]} without it"
            )
        if not value.isprintable():
            self._refuse(f"{name} has a line break or an invisible character within; check the {self._labels[name]}")
        if name == "login" and ":" in value:
            self._refuse(f"login has a colon, which Basic authentication cannot carry; check the {self._labels[name]}")
        return str(value)

    def _choice(self, name: str) -> str | None:
        schema = self._fields[name]["schema"]
        value: str | None = _as_text(self._extras.get(name, schema.get("default")))
        if value is not None and value not in schema["enum"]:
            self._refuse(f"extra {name!r} is not one of {', '.join(schema['enum'])}")
        return value

    def _own(self, name: str) -> str:
        value = _as_text(self._extras[name])
        if not isinstance(value, str):
            self._refuse(f"extra {name!r} is {kind_of(value)}, not text; write it in quotes")
        if _has_blank_end(value) or not value.isprintable():
            self._refuse(f"extra {name!r} has a blank at an end, a line break or an invisible character")
        return value

    def _base_url(self) -> str:
        connection = self._connection
        if connection.schema:
            self._refuse("schema is set, but not used here; put the scheme into host, as in https://host/path")
        if not connection.host:
            if connection.port:
                self._refuse("port is set without a host; leave both empty for the vendor's own address")
            return ""
        try:
            url = urlsplit(connection.host)
            own_port = url.port
        except ValueError:  # an incomplete IPv6 address, an invalid port
            self._refuse("host is not a URL; write it with its scheme, as in https://host/path, and a port up to 65535")
        if url.scheme not in ("http", "https") or not url.hostname or any(map(str.isspace, url.hostname)):
            self._refuse("host is not a URL; write it with its scheme, as in https://host/path")
        if url.query or url.fragment or url.username or url.password:
            self._refuse("host has more than scheme, host name, port and path; credentials go into login and password")
        if url.scheme == "http" and not _is_loopback(url.hostname) and not self._allow_http:
            self._refuse(
                "host is plain http, which sends keys and users unencrypted; use https, or set the extra "
                "allow_http to true if the network is trusted"
            )
        netloc = url.netloc
        if connection.port:
            if own_port not in (None, connection.port):
                self._refuse("host and port have different ports; leave port empty")
            netloc = netloc if own_port else f"{netloc}:{connection.port}"
        return f"{url.scheme}://{netloc}{url.path}".rstrip("/")

    def _timeout(self) -> tuple[float, float]:
        value = _as_list(self._extras.get("timeout"))
        if value is None:
            return DEFAULT_TIMEOUT
        pair = value if isinstance(value, list) else [value, value]
        if len(pair) != 2:
            self._refuse("extra 'timeout' is a list; give two numbers, the seconds for connecting and for the response")
        connect, read = (self._positive("timeout", part) for part in pair)
        if connect is None or read is None:
            self._refuse("extra 'timeout' holds null; leave it out for the default")
        return connect, read

    def _positive(self, name: str, value: Any) -> float | None:
        if value is None:
            return None
        try:
            number = float("nan" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            number = float("nan")
        if not 0 < number < float("inf"):
            self._refuse(f"extra {name!r} is {_shown(value)}, not a number over 0")
        return number

    def _flag(self, name: str) -> bool:
        value = self._extras.get(name, False)
        text = str(value).lower()
        if text not in _TRUE + _FALSE:
            self._refuse(f"extra {name!r} is {_shown(value)}, not true or false")
        return text in _TRUE

    def _verify(self) -> bool | str:
        value = self._extras.get("verify", True)
        if isinstance(value, str) and value.lower() not in ("true", "false"):
            return value
        return self._flag("verify") if "verify" in self._extras else True

    def _cert(self) -> str | tuple[str, str] | None:
        value = _as_list(self._extras.get("cert"))
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value):
            return value[0], value[1]
        self._refuse(f"extra 'cert' is {kind_of(value)}, not a path or a list of two paths: certificate and key")


def _as_text(value: Any) -> Any:
    """Return a whole number as text: Airflow may have read the ``101`` of a URI's ``?data_center=101`` as JSON."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_list(value: Any) -> Any:
    """Return a list that is written as JSON text, the only form that a text box and a URI have for one, as a list."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _shown(value: Any) -> str:
    """Return what an extra is; a text, which may be a credential in the wrong place, by its kind alone."""
    return kind_of(value) if isinstance(value, str) else setting_of(value)


def _has_blank_end(text: str) -> bool:
    return any(end.isspace() or not end.isprintable() for end in (text[0], text[-1]))


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False

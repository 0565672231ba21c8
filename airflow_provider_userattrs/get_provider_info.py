# SPDX-License-Identifier: Apache-2.0
"""What Airflow learns about the package. Airflow calls this while it is being imported, so it imports nothing.

The connection forms are declared here and only here: Airflow 3.2 and later read ``conn-fields`` and
``ui-field-behaviour`` unchanged, ``hooks/forms.py`` makes the forms of earlier versions out of them, and
``hooks/settings.py`` checks a connection's extras against them.
"""

__all__ = ["get_provider_info"]

_PACKAGE = "airflow_provider_userattrs"


class Field:
    """A field of a connection form, which is an extra of the connection.

    :param label: the text beside it.
    :param description: the text below it.
    :param schema: the JSON schema of what it takes; null, too, for that is an empty field.
    """

    def __init__(self, label: str, description: str, schema: dict[str, object]) -> None:
        self._label = label
        self._description = description
        self._schema = schema

    def declared(self) -> dict[str, object]:
        """Return it as Airflow reads it."""
        schema = {name: list(value) if isinstance(value, list) else value for name, value in self._schema.items()}
        return {"label": self._label, "description": self._description, "schema": schema}


class Vendor:
    """A vendor, as Airflow learns about it.

    :param name: the connection type, and the name of its modules.
    :param title: its name as a person writes it, with which its classes begin.
    :param docs: where its API is documented.
    :param login: what the field Login holds.
    :param password: what the field Password holds.
    :param placeholders: field -> where its value is found.
    :param fields: the connection's own extras.
    """

    def __init__(
        self,
        name: str,
        title: str,
        docs: str,
        *,
        login: str,
        password: str,
        placeholders: dict[str, str],
        fields: dict[str, Field],
    ) -> None:
        self.name = name
        self.title = title
        self.docs = docs
        self._labels = {"host": "Base URL", "login": login, "password": password}
        self._placeholders = placeholders
        self._fields = fields

    def connection_type(self) -> dict[str, object]:
        """Return its hook, the labels of the standard fields, and its own fields."""
        return {
            "connection-type": self.name,
            "hook-class-name": f"{_PACKAGE}.hooks.{self.name}.{self.title}Hook",
            "hook-name": self.title,
            "ui-field-behaviour": {
                "hidden-fields": ["schema", "port"],
                "relabeling": dict(self._labels),
                "placeholders": dict(self._placeholders),
            },
            "conn-fields": {name: field.declared() for name, field in {**self._fields, **_COMMON_FIELDS}.items()},
        }

    def integration(self) -> dict[str, object]:
        """Return what it is called, and where it is documented."""
        return {"integration-name": self.title, "external-doc-url": self.docs, "tags": ["service"]}

    def modules(self, package: str) -> dict[str, object]:
        """Return its module in a package."""
        return {"integration-name": self.title, "python-modules": [f"{_PACKAGE}.{package}.{self.name}"]}


_NUMBER: dict[str, object] = {"type": ["number", "null"], "minimum": 0.001}
_TEXT: dict[str, object] = {"type": ["string", "null"]}

_COMMON_FIELDS = {
    "timeout": Field(
        "Timeout (seconds)",
        "How long a connection may take, and then a request with its answer. Empty: 10 and 30 seconds.",
        _NUMBER,
    ),
    "rate_limit": Field(
        "Rate limit (per second)",
        "What a push may send in a second, all of its shards together. Empty: the vendor's limit.",
        _NUMBER,
    ),
    "verify": Field(
        "CA bundle", "Path of a CA bundle to verify the vendor's certificate with. Empty: the usual ones.", _TEXT
    ),
    "cert": Field("Client certificate", "Path of a client certificate with its key, if a gateway asks for one.", _TEXT),
    "allow_http": Field(
        "Allow plain HTTP",
        "Plain http sends keys and users in the clear; without this it is taken for loopback only.",
        {"type": ["boolean", "null"], "default": False},
    ),
}

#: One row a vendor; everything else here is made from these.
VENDORS: tuple[Vendor, ...] = (
    Vendor(
        "engagelab",
        "EngageLab",
        "https://www.engagelab.com/docs/marketing-automation/rest-api/overview-guide",
        login="API key",
        password="API secret",
        placeholders={
            "host": "leave empty, and choose the region under Extra Fields",
            "login": "EngageLab MA: Data Source, of type API: APIKey",
            "password": "EngageLab MA: Data Source, of type API: APISecret",
        },
        fields={
            "region": Field(
                "Region",
                "Where the EngageLab project lives; it shows in the console's address.",
                {**_TEXT, "enum": ["singapore", "virginia"], "default": "singapore"},
            )
        },
    ),
    Vendor(
        "kahuna",
        "Kahuna",
        "https://support.kahuna.com/hc/en-us/articles/360008462633-User-Attribute-API",
        login="Secret key",
        password="API key",
        placeholders={
            "host": "leave empty, and choose the environment under Extra Fields",
            "login": "Kahuna: Settings: Secret Key",
            "password": "Kahuna: Settings: API Key",
        },
        fields={
            "environment": Field(
                "Environment",
                "Kahuna keeps the users of production and of its sandbox apart.",
                {**_TEXT, "enum": ["production", "sandbox"], "default": "production"},
            )
        },
    ),
    Vendor(
        "moengage",
        "MoEngage",
        "https://www.moengage.com/docs/api/user/track-user",
        login="Workspace ID",
        password="Data API key",
        placeholders={
            "host": "leave empty, and choose the data center under Extra Fields",
            "login": "MoEngage: Settings > Account > APIs: Workspace ID (earlier app id)",
            "password": "MoEngage: Settings > Account > APIs: Data API key",
        },
        fields={
            "data_center": Field(
                "Data center",
                "The number in the dashboard's address: 01 in dashboard-01.moengage.com.",
                {**_TEXT, "enum": ["01", "02", "03", "04", "05", "06", "101"]},
            ),
            "project_code": Field(
                "Project code",
                "The project of a workspace with Portfolio: MoEngage: Settings > Account > Portfolio. Empty: none.",
                _TEXT,
            ),
        },
    ),
)


def get_provider_info() -> dict[str, object]:
    """Return the provider's metadata, as Airflow's ``provider_info.schema.json`` has it."""
    asset_uris = {
        "schemes": [vendor.name for vendor in VENDORS],
        "handler": f"{_PACKAGE}.assets.sanitize_uri",
        "to_openlineage_converter": f"{_PACKAGE}.assets.convert_asset_to_openlineage",
    }
    *titles, last = (vendor.title for vendor in VENDORS)
    return {
        "package-name": "airflow-provider-userattrs",
        "name": "User attributes",
        "description": f"Push user attributes, contacts and removals to {', '.join(titles)} and {last}.",
        "integrations": [vendor.integration() for vendor in VENDORS],
        "hooks": [vendor.modules("hooks") for vendor in VENDORS],
        "operators": [vendor.modules("operators") for vendor in VENDORS],
        "cli": [f"{_PACKAGE}.cli.definition.get_cli_commands"],  # as of Airflow 3.2
        "notifications": [
            f"{_PACKAGE}.notifications.push.PushNotifier",
            f"{_PACKAGE}.notifications.slack.SlackPushNotifier",
            f"{_PACKAGE}.notifications.email.EmailPushNotifier",
        ],
        "extra-links": [f"{_PACKAGE}.operators.links.PushReportLink"],
        "asset-uris": [asset_uris],
        "dataset-uris": [asset_uris],  # as Airflow 2 calls them
        "connection-types": [vendor.connection_type() for vendor in VENDORS],
    }

# SPDX-License-Identifier: Apache-2.0
"""What Airflow learns about the package. Airflow calls this while it is being imported, so it imports nothing.

The connection forms are declared here and only here: Airflow 3.2 and later read ``conn-fields`` and
``ui-field-behaviour`` as they stand, ``hooks/forms.py`` makes the forms of earlier versions out of them, and
``hooks/settings.py`` checks a connection's extras against them.
"""

__all__ = ["get_provider_info"]

_PACKAGE = "airflow_provider_userattrs"

_COMMON_FIELDS: dict[str, dict[str, object]] = {
    "timeout": {
        "label": "Timeout (seconds)",
        "description": "How long a connection may take, and then a request with its answer. Empty: 10 and 30 seconds.",
        "schema": {"type": ["number", "null"], "minimum": 0.001},
    },
    "rate_limit": {
        "label": "Rate limit (per second)",
        "description": "What all tasks of this connection may send together in a second. Empty: the vendor's limit.",
        "schema": {"type": ["number", "null"], "minimum": 0.001},
    },
    "verify": {
        "label": "CA bundle",
        "description": "Path of a CA bundle to verify the vendor's certificate with. Empty: the usual ones.",
        "schema": {"type": ["string", "null"]},
    },
    "cert": {
        "label": "Client certificate",
        "description": "Path of a client certificate with its key, if a gateway asks for one.",
        "schema": {"type": ["string", "null"]},
    },
    "allow_http": {
        "label": "Allow plain HTTP",
        "description": "Plain http sends keys and users in the clear; without this it is taken for loopback only.",
        "schema": {"type": ["boolean", "null"], "default": False},
    },
}


_ASSET_URIS: dict[str, object] = {
    "schemes": ["engagelab", "kahuna", "moengage"],
    "handler": f"{_PACKAGE}.assets.sanitize_uri",
    "to_openlineage_converter": f"{_PACKAGE}.assets.convert_asset_to_openlineage",
}


def _connection_type(
    name: str,
    vendor: str,
    login: str,
    password: str,
    placeholders: dict[str, str],
    fields: dict[str, dict[str, object]],
) -> dict[str, object]:
    """Return one connection type: its hook, the labels of its standard fields, and its own fields."""
    return {
        "connection-type": name,
        "hook-class-name": f"{_PACKAGE}.hooks.{name}.{vendor}Hook",
        "hook-name": vendor,
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "Base URL", "login": login, "password": password},
            "placeholders": placeholders,
        },
        "conn-fields": {**fields, **_COMMON_FIELDS},
    }


def get_provider_info() -> dict[str, object]:
    """Return the provider's metadata, as Airflow's ``provider_info.schema.json`` has it."""
    return {
        "package-name": "airflow-provider-userattrs",
        "name": "User attributes",
        "description": "Push user attributes, contacts and removals to EngageLab MA, Kahuna and MoEngage.",
        "integrations": [
            {
                "integration-name": "EngageLab",
                "external-doc-url": "https://www.engagelab.com/docs/marketing-automation/rest-api/overview-guide",
                "tags": ["service"],
            },
            {
                "integration-name": "Kahuna",
                "external-doc-url": "https://support.kahuna.com/hc/en-us/articles/360008462633-User-Attribute-API",
                "tags": ["service"],
            },
            {
                "integration-name": "MoEngage",
                "external-doc-url": "https://www.moengage.com/docs/api/user/track-user",
                "tags": ["service"],
            },
        ],
        "hooks": [
            {"integration-name": vendor, "python-modules": [f"{_PACKAGE}.hooks.{vendor.lower()}"]}
            for vendor in ("EngageLab", "Kahuna", "MoEngage")
        ],
        "operators": [
            {"integration-name": vendor, "python-modules": [f"{_PACKAGE}.operators.{vendor.lower()}"]}
            for vendor in ("EngageLab", "Kahuna", "MoEngage")
        ],
        "extra-links": [f"{_PACKAGE}.operators.links.PushReportLink"],
        "asset-uris": [_ASSET_URIS],
        "dataset-uris": [_ASSET_URIS],  # as Airflow 2 calls them
        "connection-types": [
            _connection_type(
                "engagelab",
                "EngageLab",
                login="API key",
                password="API secret",
                placeholders={
                    "host": "leave empty, and choose the region under Extra Fields",
                    "login": "EngageLab MA: Data Source, of type API: APIKey",
                    "password": "EngageLab MA: Data Source, of type API: APISecret",
                },
                fields={
                    "region": {
                        "label": "Region",
                        "description": "Where the EngageLab project lives; it shows in the console's address.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": ["singapore", "virginia"],
                            "default": "singapore",
                        },
                    },
                },
            ),
            _connection_type(
                "kahuna",
                "Kahuna",
                login="Secret key",
                password="API key",
                placeholders={
                    "host": "leave empty, and choose the environment under Extra Fields",
                    "login": "Kahuna: Settings: Secret Key",
                    "password": "Kahuna: Settings: API Key",
                },
                fields={
                    "environment": {
                        "label": "Environment",
                        "description": "Kahuna keeps the users of production and of its sandbox apart.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": ["production", "sandbox"],
                            "default": "production",
                        },
                    },
                },
            ),
            _connection_type(
                "moengage",
                "MoEngage",
                login="Workspace ID",
                password="Data API key",
                placeholders={
                    "host": "leave empty, and choose the data center under Extra Fields",
                    "login": "MoEngage: Settings > Account > APIs: Workspace ID (earlier app id)",
                    "password": "MoEngage: Settings > Account > APIs: Data API key",
                },
                fields={
                    "data_center": {
                        "label": "Data center",
                        "description": "The number in the dashboard's address: 01 in dashboard-01.moengage.com.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": ["01", "02", "03", "04", "05", "06", "101"],
                        },
                    },
                },
            ),
        ],
    }

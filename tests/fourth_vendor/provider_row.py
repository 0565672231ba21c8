# SPDX-License-Identifier: Apache-2.0
"""Petrel's row of the table in ``get_provider_info.py``."""

from __future__ import annotations

from airflow_provider_userattrs.get_provider_info import Field, Vendor

ROW = Vendor(
    "petrel",
    "Petrel",
    "https://petrel.example/docs/members",
    login="Account",
    password="Token",
    placeholders={"login": "Petrel: Settings: Account", "password": "Petrel: Settings: Tokens"},
    fields={
        "cluster": Field(
            "Cluster",
            "Where the members are kept.",
            {"type": ["string", "null"], "enum": ["north", "south"], "default": "north"},
        )
    },
)

# SPDX-License-Identifier: Apache-2.0
"""The fields of a connection, as its form has them."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_userattrs.get_provider_info import get_provider_info
from generated.markup import plain, table


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{plain(text[1:])}."


def connection_fields(vendor: str) -> str:
    """Return the table of a connection's fields, as its form has them."""
    kinds: Any = get_provider_info()["connection-types"]
    (kind,) = (each for each in kinds if each["connection-type"] == vendor)
    form = kind["ui-field-behaviour"]
    rows = [
        [f"`{field}`", form["relabeling"][field], _sentence(form["placeholders"][field])]
        for field in ("login", "password", "host")
    ]
    for name, field in kind["conn-fields"].items():
        choices = ", ".join(f"`{value}`" for value in field["schema"].get("enum", ()))
        default = field["schema"].get("default")
        shown = default if isinstance(default, str) else json.dumps(default)
        words = [
            plain(field["description"]),
            f"One of {choices}." if choices else "",
            "" if default is None else f"Default: `{shown}`.",
        ]
        rows.append([f"extra `{name}`", field["label"], " ".join(filter(None, words))])
    return table(["field", "in the form", "what it holds"], rows)

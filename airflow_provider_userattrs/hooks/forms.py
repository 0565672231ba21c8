# SPDX-License-Identifier: Apache-2.0
"""The connection forms of Airflow 2.11 to 3.1, built from the declaration that later versions read directly."""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.hooks.settings import declaration


def connection_form_widgets(connection_type: str) -> dict[str, Any]:
    """Return the fields of a connection type's form.

    :param connection_type: the type, as declaration in ``get_provider_info``.
    """
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from wtforms import BooleanField, StringField
    from wtforms.validators import Optional, any_of

    widgets: dict[str, Any] = {}
    for name, field in declaration(connection_type)["conn-fields"].items():
        schema = field["schema"]
        options: dict[str, Any] = {"description": field["description"], "default": schema.get("default")}
        if "boolean" in schema["type"]:
            widgets[name] = BooleanField(field["label"], **options)
            continue
        # Airflow shows a text field with any_of as a dropdown; there is no other way to get one.
        validators = [Optional(), *([any_of(schema["enum"])] if "enum" in schema else [])]
        widgets[name] = StringField(field["label"], validators=validators, widget=BS3TextFieldWidget(), **options)
    return widgets


def ui_field_behaviour(connection_type: str) -> dict[str, Any]:
    """Return how a connection type's form shows the standard fields.

    :param connection_type: the type, as declaration in ``get_provider_info``.
    """
    behaviour = declaration(connection_type)["ui-field-behaviour"]
    return {key.replace("-", "_"): value for key, value in behaviour.items()}

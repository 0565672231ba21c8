# SPDX-License-Identifier: Apache-2.0
"""The connection forms of Airflow 2.11 to 3.1, built from the declaration that later versions read directly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.hooks.settings import declaration

if TYPE_CHECKING:
    from airflow_provider_userattrs.hooks.base import VendorHook


def connection_form_widgets(hook: type[VendorHook]) -> dict[str, Any]:
    """Return the fields of a hook's connection form.

    :param hook: the hook class.
    """
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from wtforms import BooleanField, StringField
    from wtforms.validators import Optional, any_of

    widgets: dict[str, Any] = {}
    for name, field in declaration(hook.conn_type)["conn-fields"].items():
        schema = field["schema"]
        options: dict[str, Any] = {"description": field["description"], "default": schema.get("default")}
        if "boolean" in schema["type"]:
            widgets[name] = BooleanField(field["label"], **options)
            continue
        # Airflow shows a text field with any_of as a dropdown; there is no other way to get one.
        validators = [Optional(), *([any_of(schema["enum"])] if "enum" in schema else [])]
        widgets[name] = StringField(field["label"], validators=validators, widget=BS3TextFieldWidget(), **options)
    return widgets


def ui_field_behaviour(hook: type[VendorHook]) -> dict[str, Any]:
    """Return how a hook's connection form shows the standard fields.

    :param hook: the hook class.
    """
    behaviour = declaration(hook.conn_type)["ui-field-behaviour"]
    return {key.replace("-", "_"): value for key, value in behaviour.items()}

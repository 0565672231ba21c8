# SPDX-License-Identifier: Apache-2.0
"""The connection forms of Airflow before 3.2 are made of the declaration that later versions read themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.hooks.engagelab import EngageLabHook
from airflow_provider_userattrs.hooks.kahuna import KahunaHook
from airflow_provider_userattrs.hooks.moengage import MoEngageHook

HOOKS = [EngageLabHook, KahunaHook, MoEngageHook]
FORMS = ("get_connection_form_widgets", "get_ui_field_behaviour")
TYPES: dict[str, Any] = {one["connection-type"]: one for one in get_provider_info()["connection-types"]}  # type: ignore[attr-defined]

WithForms = Callable[[type], dict[str, SimpleNamespace]]


@pytest.fixture
def widgets(monkeypatch: pytest.MonkeyPatch) -> WithForms:
    """Give a hook's fields as Airflow sees them: WTForms' on Airflow 2, what Airflow 3 puts in their place else."""
    if find_spec("wtforms"):
        wtforms = import_module("wtforms")

        def of_wtforms(hook: type) -> dict[str, SimpleNamespace]:
            made: Any = hook.get_connection_form_widgets()  # type: ignore[attr-defined]
            form = type("ConnectionForm", (wtforms.Form,), made)()
            fields = {}
            for name in made:
                field = form[name]
                one_of = [v.values for v in field.validators if isinstance(v, wtforms.validators.AnyOf)]
                kind = "boolean" if isinstance(field, wtforms.BooleanField) else "string"
                fields[name] = SimpleNamespace(
                    label=field.label.text,
                    description=field.description,
                    default=field.default,
                    enum=one_of[0] if one_of else None,
                    kind=kind,
                )
            return fields

        return of_wtforms
    service = import_module("airflow.api_fastapi.core_api.services.ui.connections").HookMetaService
    modules: dict[str, dict[str, Any]] = {
        "wtforms": {
            "StringField": service.MockStringField,
            "IntegerField": service.MockIntegerField,
            "BooleanField": service.MockBooleanField,
            "PasswordField": service.MockPasswordField,
        },
        "wtforms.validators": {"Optional": service.MockOptional, "any_of": service.MockEnum},
        "flask_appbuilder": {},
        "flask_appbuilder.fieldwidgets": {"BS3TextFieldWidget": service.MockAnyWidget},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)

    def of_airflow(hook: type) -> dict[str, SimpleNamespace]:
        made: Any = hook.get_connection_form_widgets()  # type: ignore[attr-defined]
        fields = {}
        for name, field in made.items():
            drawn = field.param.dump()
            schema = drawn["schema"]
            fields[name] = SimpleNamespace(
                label=schema["title"],
                description=drawn["description"],
                default=drawn["value"],
                enum=schema.get("enum"),
                kind=schema["type"][0],
            )
        return fields

    return of_airflow


@pytest.mark.parametrize("hook", HOOKS)
def test_both_forms_have_the_same_fields(hook: Any, widgets: WithForms) -> None:
    declared = TYPES[hook.conn_type]["conn-fields"]
    drawn = widgets(hook)
    assert list(drawn) == list(declared)
    for name, field in drawn.items():
        assert field.label == declared[name]["label"]
        assert field.description == declared[name]["description"]
        assert field.default == declared[name]["schema"].get("default")
        assert field.enum == declared[name]["schema"].get("enum")


@pytest.mark.parametrize("hook", HOOKS)
def test_the_types_choice_is_one_of_a_few(hook: Any, widgets: WithForms) -> None:
    assert widgets(hook)[hook.choice].enum == TYPES[hook.conn_type]["conn-fields"][hook.choice]["schema"]["enum"]


@pytest.mark.parametrize("hook", HOOKS)
def test_allow_http_is_a_box_to_tick(hook: Any, widgets: WithForms) -> None:
    fields = widgets(hook)
    assert {name for name, field in fields.items() if field.kind == "boolean"} == {"allow_http"}
    assert fields["allow_http"].default is False


@pytest.mark.parametrize("hook", HOOKS)
def test_both_forms_show_the_standard_fields_alike(hook: Any) -> None:
    declared = TYPES[hook.conn_type]["ui-field-behaviour"]
    shown = hook.get_ui_field_behaviour()
    assert shown == {
        "hidden_fields": declared["hidden-fields"],
        "relabeling": declared["relabeling"],
        "placeholders": declared["placeholders"],
    }


def test_a_hook_is_imported_without_a_form_library() -> None:
    for name in ("wtforms", "flask_appbuilder"):
        if not find_spec(name):
            assert name not in sys.modules


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_class_has_its_forms_itself(hook: type) -> None:
    """Airflow before 3.2 looks in the class alone, and not in those it inherits from."""
    assert set(FORMS) <= vars(hook).keys()

# SPDX-License-Identifier: Apache-2.0
"""Renders templates and references of sources, as Airflow renders those of operators."""

from __future__ import annotations

from ast import literal_eval
from copy import copy
from typing import Any, TypeVar

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.text import printable

SourceT = TypeVar("SourceT")


def has_template(text: str) -> bool:
    """Return whether text holds a Jinja template."""
    return "{{" in text or "{%" in text


def is_reference(value: Any) -> bool:
    """Return whether Airflow resolves a value when the task runs: an XComArg, an argument of a mapped task group, ...

    The module of their common base class differs between Airflow's versions; Airflow itself checks for these methods.
    A `pathlib.Path` has a ``resolve`` as well.
    """
    return all(callable(getattr(value, method, None)) for method in ("resolve", "iter_references"))


def is_deferred(value: Any) -> bool:
    """Return whether a value is known only when the task runs: a reference, or text with a template."""
    return is_reference(value) or (isinstance(value, str) and has_template(value))


def keep_text(given: Any, rendered: Any) -> Any:
    """Return a rendered value in which text without a template is as the author gave it.

    With ``render_template_as_native_obj`` Airflow evaluates any text that looks like a literal: a column called
    "20231023" would become a number.

    :param given: what the author gave.
    :param rendered: what Airflow rendered.
    :raises RefusedConfiguration: if the template names something that does not exist.
    """
    if isinstance(given, str):
        return _defined(given, rendered) if has_template(given) else given
    if isinstance(given, dict) and isinstance(rendered, dict) and given.keys() == rendered.keys():
        return {name: keep_text(value, rendered[name]) for name, value in given.items()}
    if type(given) in (list, tuple) and type(given) is type(rendered) and len(given) == len(rendered):
        return type(given)(map(keep_text, given, rendered))
    return rendered


def _defined(template: str, rendered: Any) -> Any:
    """Return what a template rendered to; rendered natively, something undefined is a value like any other."""
    from jinja2 import Undefined

    if isinstance(rendered, Undefined):
        raise RefusedConfiguration(
            f"the template {printable(template, 200)!r} is undefined: {rendered._undefined_message}"
        )
    return rendered


def is_rendering(given: Any, value: Any) -> bool:
    """Return whether a value may be what Airflow rendered, and not set by someone since.

    :param given: what the author gave.
    :param value: the current value.
    """
    if isinstance(given, str):
        return has_template(given) or "{#" in given or value in (given, given.removesuffix("\n"), _literal(given))
    if isinstance(given, dict) and isinstance(value, dict):
        return given.keys() == value.keys() and all(is_rendering(item, value[name]) for name, item in given.items())
    if isinstance(given, (list, tuple)) and isinstance(value, (list, tuple)):
        return len(given) == len(value) and all(map(is_rendering, given, value))
    return True


def _literal(text: str) -> Any:
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def render(source: SourceT, context: Any) -> SourceT:
    """Return a copy of a source with its template fields rendered.

    A field that ends with one of the source's ``template_ext`` names a file in the DAG's folder (or its
    ``template_searchpath``), whose content is rendered. The source itself belongs to the DAG and is left unchanged.

    :param source: the source; returned itself if it has no ``template_fields``.
    :param context: the task's context.
    :raises RefusedConfiguration: if there is no such file.
    """
    fields = getattr(source, "template_fields", ())
    if not fields:
        return source
    task = context["task"]
    environment = task.get_template_env()
    suffixes = tuple(getattr(source, "template_ext", ()))
    rendered = copy(source)
    for field in fields:
        value = getattr(source, field)
        if isinstance(value, str) and suffixes and value.endswith(suffixes):
            value = _read(environment, field, value)
        setattr(rendered, field, keep_text(value, task.render_template(value, context, environment)))
    return rendered


def _read(environment: Any, field: str, name: str) -> str:
    from jinja2 import TemplateNotFound

    try:
        text: str = environment.loader.get_source(environment, name)[0]
    except (TemplateNotFound, AttributeError):  # a task without a DAG has no loader
        raise RefusedConfiguration(
            f"{field} names the file {name!r}, which does not exist; give its path from the DAG's folder, or set the "
            "DAG's template_searchpath"
        ) from None
    return text

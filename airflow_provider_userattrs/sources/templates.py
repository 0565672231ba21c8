# SPDX-License-Identifier: Apache-2.0
"""What is known only when a task runs: templates and references, rendered as Airflow renders an operator's."""

from __future__ import annotations

from ast import literal_eval
from copy import copy
from typing import Any, TypeVar

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

SourceT = TypeVar("SourceT")


def has_template(text: str) -> bool:
    """Tell whether there is a Jinja template in a text."""
    return "{{" in text or "{%" in text


def is_reference(value: Any) -> bool:
    """Tell whether Airflow resolves a value when the task runs: an XComArg, an argument of a mapped task group, ...

    Their common base has another place in each version of Airflow, which itself goes by these methods; a
    `pathlib.Path` has a ``resolve`` as well.
    """
    return all(callable(getattr(value, method, None)) for method in ("resolve", "iter_references"))


def is_deferred(value: Any) -> bool:
    """Tell whether a value is known only when the task runs: a reference, or text with a template in it."""
    return is_reference(value) or (isinstance(value, str) and has_template(value))


def keep_text(given: Any, rendered: Any) -> Any:
    """Return what was rendered, with each text as it was given that has no template in it.

    With ``render_template_as_native_obj`` Airflow makes a literal of any text that looks like one: a column called
    "20231023" would be a number.

    :param given: what the author gave.
    :param rendered: what Airflow made of it.
    """
    if isinstance(given, str):
        return rendered if has_template(given) else given
    if isinstance(given, dict) and isinstance(rendered, dict) and given.keys() == rendered.keys():
        return {name: keep_text(value, rendered[name]) for name, value in given.items()}
    if type(given) in (list, tuple) and type(given) is type(rendered) and len(given) == len(rendered):
        return type(given)(map(keep_text, given, rendered))
    return rendered


def is_rendering(given: Any, value: Any) -> bool:
    """Tell whether Airflow may have rendered a value from what was given; else somebody has set it since.

    :param given: what the author gave.
    :param value: what is there now.
    """
    if isinstance(given, str):
        return has_template(given) or "{#" in given or value in (given, given.removesuffix("\n"), _literal(given))
    if isinstance(given, dict) and isinstance(value, dict):
        return given.keys() == value.keys() and all(is_rendering(each, value[name]) for name, each in given.items())
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

    A field whose text ends with one of the source's ``template_ext`` is read from that file of the DAG's folder (or
    its ``template_searchpath``) first. The source itself is the DAG's, and may be rendered again for another run.

    :param source: the source; without ``template_fields`` it comes back as it is.
    :param context: the task's context.
    :raises RefusedConfiguration: if there is no such file.
    """
    fields = getattr(source, "template_fields", ())
    if not fields:
        return source
    task = context["task"]
    environment = task.get_template_env()
    endings = tuple(getattr(source, "template_ext", ()))
    rendered = copy(source)
    for field in fields:
        value = getattr(source, field)
        if isinstance(value, str) and endings and value.endswith(endings):
            value = _read(environment, field, value)
        setattr(rendered, field, keep_text(value, task.render_template(value, context, environment)))
    return rendered


def _read(environment: Any, field: str, name: str) -> str:
    from jinja2 import TemplateNotFound

    try:
        text: str = environment.loader.get_source(environment, name)[0]
    except (TemplateNotFound, AttributeError):  # a task without a DAG has no loader
        raise RefusedConfiguration(
            f"{field} names the file {name!r}, which is not there; give its path from the DAG's folder, or set the "
            "DAG's template_searchpath"
        ) from None
    return text

# SPDX-License-Identifier: Apache-2.0
"""The template fields of a source, rendered as Airflow renders those of an operator."""

from __future__ import annotations

from copy import copy
from typing import Any, TypeVar

from airflow_provider_userattrs.push.errors import RefusedConfiguration

SourceT = TypeVar("SourceT")


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
        setattr(rendered, field, task.render_template(value, context, environment))
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

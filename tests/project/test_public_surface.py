# SPDX-License-Identifier: Apache-2.0
"""The public surface is what public_surface.txt lists, so that it does not change unnoticed.

A module is public if it has ``__all__``; the file lists its names with their parameters, types and defaults.
``PYTHONPATH=tests python tests/project/test_public_surface.py`` writes the file.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, is_typeddict

from versions import has, needs

import airflow_provider_userattrs
from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.operators.base import UserPushOperator

PACKAGE = airflow_provider_userattrs.__name__
FILE = Path(__file__).with_name("public_surface.txt")
RENEW = f"PYTHONPATH=tests python {Path(__file__).relative_to(Path(__file__).parents[2])}"


def public_modules() -> list[Any]:
    """Return the modules that have ``__all__``."""
    names = [PACKAGE, *(found.name for found in walk_packages(airflow_provider_userattrs.__path__, f"{PACKAGE}."))]
    # Private modules are not imported: some need another version of Airflow.
    root = Path(airflow_provider_userattrs.__file__).parent
    files = {name: root.joinpath(*name.split(".")[1:]) for name in names}
    texts = {
        name: (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
        for name, path in files.items()
    }
    lacking = set() if has("retry policy") else {f"{PACKAGE}.operators.retry_policy"}
    return [import_module(name) for name, text in texts.items() if "\n__all__ = " in text and name not in lacking]


class Text(str):
    """Show an annotation as it is written."""

    __repr__ = str.__str__


def parameters(function: Any) -> list[inspect.Parameter]:
    """Return the parameters of a function without the first of a method, and without those it only hands on."""
    found = inspect.signature(function).parameters.values()
    return [
        each.replace(annotation=each.annotation if each.annotation is each.empty else Text(each.annotation))
        for each in found
        if each.name not in ("self", "cls") and each.kind is not each.VAR_KEYWORD
    ]


def signature(function: Any) -> str:
    """Return how a function is called, and what it returns."""
    returned = inspect.signature(function).return_annotation
    return str(inspect.Signature(parameters(function), return_annotation=Text(returned)))


def made_from(kind: type) -> Iterator[str]:
    """Yield the parameters of a class, those of what it is made from before its own, a line each."""
    found: dict[str, inspect.Parameter] = {}
    for each in filter(is_ours, kind.__mro__):
        if "__init__" in vars(each):
            init = each.__init__  # type: ignore[misc]
            found = {**{parameter.name: parameter for parameter in parameters(init)}, **found}
            if "kwargs" not in inspect.signature(init).parameters:
                break
    if issubclass(kind, UserPushOperator) and kind is not UserPushOperator:
        yield "*, and what every push takes"
        shared = {each.name for each in parameters(UserPushOperator.__init__)}
        found = {name: each for name, each in found.items() if name not in shared}
    elif any(each.kind is each.KEYWORD_ONLY for each in found.values()):
        shown = str(inspect.Signature(list(found.values())))[1:-1]
        positional, _, _ = shown.partition("*, ")
        yield f"{positional}*"
        found = {name: each for name, each in found.items() if each.kind is each.KEYWORD_ONLY}
    yield from map(str, found.values())


def is_ours(kind: type) -> bool:
    """Return whether a class is this package's."""
    return kind.__module__.startswith(PACKAGE)


def members(kind: type) -> Iterator[str]:
    """Yield what a class has beside its parameters, but for what those it is made from have as well."""
    for name, value in sorted(vars(kind).items()):
        if name.startswith("_") or any(hasattr(parent, name) for parent in kind.__mro__[1:]):
            continue
        if isinstance(value, property):
            yield f".{name}: {inspect.get_annotations(value.fget)['return']}"  # type: ignore[arg-type]
        elif isinstance(value, (classmethod, staticmethod)) or inspect.isfunction(value):
            yield f".{name}{signature(getattr(kind, name))}"
    for name in ("template_fields", "template_ext", "conn_name_attr", "conn_type"):
        if value := getattr(kind, name, ()):
            yield f"{name}: {value if isinstance(value, str) else ', '.join(value)}"


def described(name: str, thing: Any) -> Iterator[str]:
    """Yield the lines on one public name."""
    if is_typeddict(thing):
        yield f"typed dict {name}"
        for field, kind in sorted(inspect.get_annotations(thing).items()):
            shown = getattr(kind, "__forward_arg__", kind)
            yield f"    {field}: {shown}{'' if field in thing.__required_keys__ else ' (may be missing)'}"
        return
    if not callable(thing):
        yield name
        return
    if not inspect.isclass(thing):
        yield f"function {name}{signature(thing)}"
        return
    yield f"class {name}"
    yield from (f"    {line}" for line in (*made_from(thing), *members(thing)))


def surface() -> str:
    """Return all that is public, as text."""
    lines = [f"Written by `{RENEW}`.", "", "what every push takes"]
    lines += [f"    {line}" for line in made_from(UserPushOperator)] + [""]
    for module in public_modules():
        lines.append(module.__name__)
        for name in sorted(module.__all__):
            thing = getattr(module, name)
            elsewhere = getattr(thing, "__module__", module.__name__)
            if elsewhere != module.__name__ and "__all__" in vars(import_module(elsewhere)):
                lines.append(f"    {name}, of {elsewhere}")
            elif name != "__version__":
                lines += [f"    {line}" for line in described(name, thing)]
        lines.append("")
    info: Any = get_provider_info()
    for connection in info["connection-types"]:
        lines.append(f"connection {connection['connection-type']}, {connection['hook-class-name']}")
        for name, field in connection["conn-fields"].items():
            lines.append(f"    extra {name}: {json.dumps(field['schema'])}")
        lines.append("")
    return "\n".join(lines)


@needs("retry policy")
def test_nothing_changed_unnoticed() -> None:
    assert surface() == FILE.read_text(), (
        f"the public surface has changed; if that is intended, run `{RENEW}` and say it in the CHANGELOG"
    )


def test_every_public_name_exists_and_has_a_docstring() -> None:
    for module in public_modules():
        assert module.__doc__
        if module.__name__.endswith("retry_policy"):
            continue
        for name in {*module.__all__} - {"__version__", "VendorRetryPolicy"}:
            assert getattr(module, name).__doc__, f"{module.__name__}.{name}"


if __name__ == "__main__":
    FILE.write_text(surface())

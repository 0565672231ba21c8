# SPDX-License-Identifier: Apache-2.0
"""A package's names that are imported when they are first asked for, so that a DAG file imports what it uses."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def find(package: str, name: str, modules: Mapping[str, str]) -> Any:
    """Return a name from the module that defines it, and keep it in the package; a package's ``__getattr__`` calls it.

    :param package: the package's ``__name__``.
    :param name: the name that is asked for.
    :param modules: name -> module, relative to the package, such as ``".kahuna"``.
    :raises AttributeError: if the package has no such name.
    :raises ImportError: if the name needs a newer Airflow.
    """
    if name == "__all__":  # of ``import *``, which a name that needs what is not there must not break
        return [public for public in modules if _is_there(package, public, modules)]
    if name not in modules:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    value = getattr(import_module(modules[name], package), name)
    setattr(sys.modules[package], name, value)
    return value


def _is_there(package: str, name: str, modules: Mapping[str, str]) -> bool:
    try:
        find(package, name, modules)
    except ImportError:
        return False
    return True

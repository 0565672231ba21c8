# SPDX-License-Identifier: Apache-2.0
"""Checks what a hook is called with: another shape is an error in the calling code, and no verdict on a user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.push.model.kinds import kind_of


def check_user(name: str, value: Any, example: str) -> None:
    """Check the id of one user; what it may be is the vendor's to say, but it is never several values.

    :param name: the argument.
    :param value: what was given.
    :param example: a right call.
    :raises TypeError: if it is a dict, a list or the like.
    """
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        raise TypeError(f"{name} is {kind_of(value)}, not one user's id; call {example}")


def check_values(name: str, value: Any, example: str) -> None:
    """Check what is to be set.

    :param name: the argument.
    :param value: what was given.
    :param example: a right call.
    :raises TypeError: if it is no dict.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} is {kind_of(value)}, not a dict from name to value; call {example}")


def check_names(name: str, value: Any, example: str) -> tuple[str, ...]:
    """Return the names of what is to be removed.

    :param name: the argument.
    :param value: what was given.
    :param example: a right call.
    :raises TypeError: if they are not a list of texts; a single text would be read as its letters.
    """
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} is {kind_of(value)}, not a list of names; call {example}")
    names = tuple(value)
    for each in names:
        if not isinstance(each, str):
            raise TypeError(f"{name} holds {kind_of(each)}, not names alone; call {example}")
    return names


def check_ids(name: str, value: Any, example: str) -> list[Any]:
    """Return the ids of several users.

    :param name: the argument.
    :param value: what was given.
    :param example: a right call.
    :raises TypeError: if they are not a list of single ids; a single text would be read as its letters.
    """
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} is {kind_of(value)}, not a list of users' ids; call {example}")
    ids = list(value)
    for each in ids:
        if isinstance(each, (Mapping, list, tuple, set, frozenset)):
            raise TypeError(f"{name} holds {kind_of(each)}, not users' ids alone; call {example}")
    return ids


def check_flag(name: str, value: Any, example: str) -> bool:
    """Return what is either so or not; a text such as "False", as templates and variables give it, would count as True.

    :param name: the argument.
    :param value: what was given.
    :param example: a right call.
    :raises TypeError: if it is neither True nor False.
    """
    if type(value).__name__ not in ("bool", "bool_"):  # NumPy's, too, by either of its names
        raise TypeError(f"{name} is {kind_of(value)}, not True or False; call {example}")
    return bool(value)


def check_list(name: str, value: Any, example: str) -> None:
    """Check a list with a dict for each user.

    :param name: the argument.
    :param value: what was given.
    :param example: a right call.
    :raises TypeError: if it is none.
    """
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(f"{name} is {kind_of(value)}, not a list with a dict for each user; call {example}")
    for index, each in enumerate(value):
        if not isinstance(each, Mapping):
            raise TypeError(f"{name}[{index}] is {kind_of(each)}, not a dict; call {example}")


def check_keys(name: str, value: Sequence[Mapping[str, Any]], keys: tuple[str, ...], example: str) -> None:
    """Check that each dict of a list has these keys alone, each with a dict.

    :param name: the argument.
    :param value: what was given, which `check_list` has checked.
    :param keys: the keys.
    :param example: a right call.
    :raises TypeError: if one is missing, is no dict, or there are others.
    """
    for index, each in enumerate(value):
        for key in keys:
            if key not in each:
                raise TypeError(f"{name}[{index}] has no {key!r}; call {example}")
            if not isinstance(each[key], Mapping):
                raise TypeError(f"{name}[{index}][{key!r}] is {kind_of(each[key])}, not a dict; call {example}")
        if len(each) > len(keys):
            raise TypeError(f"{name}[{index}] has other keys than {' and '.join(map(repr, keys))}; call {example}")

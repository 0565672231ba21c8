# SPDX-License-Identifier: Apache-2.0
"""What a vendor lets a user, an attribute's name and its value be, for one operation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.values import ValueTable
from airflow_provider_userattrs.push.model.verdict import Verdict

#: Credential -> value, to the user as the body has it and the keys that identify the user; raises `InvalidRow`. A user
#: that comes `Noted` has an odd id: the note is on a credential.
Identify: TypeAlias = Callable[[dict[str, Any]], tuple[Any, tuple[Hashable, ...]]]

#: Credential -> its value in each row, to the users and their keys; None if one is odd, so that each row must be
#: identified by itself.
IdentifyAll: TypeAlias = Callable[
    [Mapping[str, Sequence[Any]]], "tuple[Sequence[Any], Sequence[tuple[Hashable, ...]]] | None"
]


def none_at_once(_: Mapping[str, Sequence[Any]]) -> None:
    """Leave it to ``identify`` to name each user by itself."""


@dataclass(frozen=True)
class Rules:
    """A vendor's rules for one operation.

    :param identify: how the vendor names a user.
    :param types: type -> converter.
    :param check_name: attribute name -> the verdict on it, or None.
    :param named: attribute name -> table from type to converter, for attributes that have rules of their own.
    :param identify_all: the same as ``identify`` for many users at once.
    """

    identify: Identify
    types: ValueTable
    check_name: Callable[[Any], Verdict | None]
    named: Mapping[str, ValueTable] = field(default_factory=dict)
    identify_all: IdentifyAll = none_at_once

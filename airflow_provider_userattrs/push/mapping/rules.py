# SPDX-License-Identifier: Apache-2.0
"""What a vendor lets a user, an attribute's name and its value be, for one operation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.mapping.values import ValueTable
from airflow_provider_userattrs.push.model.verdict import Verdict

#: Credential -> value, to the user as the body has it and the keys that identify the user; raises `InvalidRow`. A user
#: that comes `Noted` has an odd id: the note is on a credential.
Identify: TypeAlias = Callable[[dict[str, Any]], tuple[Any, tuple[Hashable, ...]]]


@dataclass(frozen=True)
class Rules:
    """A vendor's rules for one operation.

    :param identify: how the vendor names a user.
    :param types: type -> converter.
    :param check_name: attribute name -> the verdict on it, or None.
    :param named: attribute name -> table from type to converter, for attributes that have rules of their own.
    """

    identify: Identify
    types: ValueTable
    check_name: Callable[[Any], Verdict | None]
    named: Mapping[str, ValueTable] = field(default_factory=dict)

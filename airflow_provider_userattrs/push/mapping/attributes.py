# SPDX-License-Identifier: Apache-2.0
"""What a DAG author gives as ``attributes``, compiled once: which column goes where, through which converters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from airflow_provider_userattrs.columns import Constant, Derived
from airflow_provider_userattrs.push.mapping.derived import deriving
from airflow_provider_userattrs.push.mapping.encodable import encoding_verdict, is_encodable
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, Noted, ValueTable
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

Attributes: TypeAlias = "Mapping[str, str | Constant | Derived] | Iterable[str]"

#: Attribute, the column it comes from, the table from its value's type to a converter.
Columns: TypeAlias = tuple[tuple[str, str, ValueTable], ...]


@dataclass
class Compiled:
    """Attributes as the mapper needs them for every row.

    :param columns: the attributes that are read from a column.
    :param constants: attribute -> its converted value.
    :param notes: attribute and note, for constants that changed.
    """

    columns: Columns = ()
    constants: dict[str, Any] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)


def compile_attributes(attributes: Attributes, rules: Rules) -> Compiled:
    """Return attributes as the mapper needs them.

    :param attributes: columns, or ``{attribute: column | Constant | Derived}``.
    :param rules: the vendor's rules for the operation.
    :raises InvalidRow: if a name or a constant breaks one of the vendor's rules.
    :raises RefusedConfiguration: if a value cannot be derived as the author wants it.
    """
    pairs = attributes if isinstance(attributes, Mapping) else {name: name for name in attributes}
    compiled = Compiled()
    columns: list[tuple[str, str, ValueTable]] = []
    for name, source in pairs.items():
        require_name(name, rules)
        table = rules.named.get(name, rules.types)
        if isinstance(source, Constant):
            value = _convert_constant(name, source.value, table)
            if isinstance(value, Noted):
                compiled.notes.append((name, value.note))
                value = value.value
            if not is_encodable(value):
                raise InvalidRow(encoding_verdict(value).on(name))
            compiled.constants[name] = value
        elif isinstance(source, Derived):
            columns.append((name, source.column, deriving(source, table)))
        else:
            columns.append((name, source, table))
    compiled.columns = tuple(columns)
    return compiled


def _convert_constant(name: str, value: Any, table: ValueTable) -> Any:
    try:
        return table[type(value)](value)
    except InvalidRow as invalid:
        raise InvalidRow(invalid.verdict.on(name)) from None
    except Exception:  # its text may repeat the value
        raise InvalidRow(UNCONVERTIBLE.on(name)) from None


def require_name(name: str, rules: Rules) -> None:
    """Check an attribute's name.

    :param name: the name.
    :param rules: the vendor's rules for the operation.
    :raises InvalidRow: if it breaks one of them, or is not text.
    """
    verdict = _name_type(name) or rules.check_name(name)
    if verdict is not None:
        raise InvalidRow(verdict.on(str(name)[:80]))


def _name_type(name: Any) -> Verdict | None:
    """Return the verdict on a name that is not text, or None."""
    if isinstance(name, str):
        return None
    return Verdict(
        Status.INVALID,
        "name-type",
        "name is None, which csv.DictReader gives to cells beyond the header"
        if name is None
        else f"name is {kind_of(name)}, not text",
        "Give every cell a column in the header." if name is None else "Use text for every column name.",
    )

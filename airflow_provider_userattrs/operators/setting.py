# SPDX-License-Identifier: Apache-2.0
"""What the operators that set attributes or contacts share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from airflow_provider_userattrs.operators import column_parameters, parameters
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration


class SettingOperator(UserPushOperator):
    """Base class of operators that set attributes or contacts.

    :param exclude: columns that are not sent, of all columns or of a list of them.
    :param rename: column -> attribute, for columns whose attribute has another name; all others keep theirs.
    :param on_bad_value: what to do about a value that cannot be sent: ``"row"`` makes its row ``invalid``;
        ``"attribute"`` leaves the attribute out, notes it in the report and sends the rest of the row.
    """

    configuration_fields: ClassVar[tuple[str, ...]] = ("exclude", "rename", "on_bad_value")
    checks: ClassVar[dict[str, parameters.Check]] = {
        "exclude": column_parameters.check_exclude,
        "rename": column_parameters.check_rename,
        "on_bad_value": parameters.choice("row", "attribute"),
    }

    def __init__(
        self,
        *,
        exclude: Sequence[str] | None = None,
        rename: Mapping[str, str] | None = None,
        on_bad_value: str = "row",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.exclude = exclude
        self.rename = rename
        self.on_bad_value = on_bad_value

    def make_mapper(self, columns: Any) -> Mapper:
        """Return the mapper from rows to updates.

        :param columns: the parameter that says what is set, rendered.
        :raises InvalidRow: if a name or a constant breaks one of the vendor's rules.
        :raises RefusedConfiguration: if it contradicts ``exclude`` or ``rename``.
        """
        return super().make_mapper(choose(columns, self.exclude or (), self.rename or {}, self.columns_field))

    def mapper_options(self) -> dict[str, Any]:
        """Return the mapper's options."""
        return {
            **super().mapper_options(),
            "exclude": self.exclude or (),
            "rename": self.rename,
            "leave_out": self.on_bad_value == "attribute",
        }

    def named_columns(self, mapper: Mapper) -> dict[str, str]:
        """Return the columns that the author named, and the parameter that names each."""
        named = {**dict.fromkeys(self.exclude or (), "exclude"), **dict.fromkeys(self.rename or (), "rename")}
        return {**named, **super().named_columns(mapper)}


def choose(columns: Any, exclude: Collection[str], rename: Mapping[str, str], field: str) -> Any:
    """Return the columns to send: None for all, or ``{attribute: column}`` where some are named.

    :param columns: None, a list of columns, or ``{attribute: column}``.
    :param exclude: columns that are not sent.
    :param rename: column -> attribute.
    :param field: the parameter that ``columns`` was given as.
    :raises RefusedConfiguration: if these contradict one another.
    """
    if not exclude and not rename:
        return columns
    given = "exclude" if exclude else "rename"
    if isinstance(columns, Mapping):
        raise RefusedConfiguration(
            f"{given} is for {field}=None or a list of columns; {field} is a dict, which says where each column goes"
        )
    _refuse_if("exclude and rename both name the column", [column for column in rename if column in exclude])
    targets = list(rename.values())
    _refuse_if("rename gives two columns the attribute", [name for name in targets if targets.count(name) > 1])
    if columns is None:
        return None
    unknown = [column for column in (*exclude, *rename) if column not in columns]
    _refuse_if(f"exclude or rename names a column that {field} does not list:", unknown)
    kept = [column for column in columns if column not in exclude]
    names = [rename.get(column, column) for column in kept]
    _refuse_if(f"{field} and rename give two columns the attribute", [name for name in names if names.count(name) > 1])
    return dict(zip(names, kept, strict=True))


def _refuse_if(words: str, names: Sequence[str]) -> None:
    if names:
        raise RefusedConfiguration(f"{words} {names[0]!r}; change one of them")

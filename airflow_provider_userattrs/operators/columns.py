# SPDX-License-Identifier: Apache-2.0
"""Which columns of a row an operator sends: those that name the user, and those that are set or unset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs.columns import Constant, Derived
from airflow_provider_userattrs.operators.checked import CheckedOperator
from airflow_provider_userattrs.operators.upstream import is_list
from airflow_provider_userattrs.operators.users import Rows
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.sources.templates import is_deferred, keep_text
from airflow_provider_userattrs.task.failure import WrongParameter, explain

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class ColumnsOperator(CheckedOperator):
    """Base class of operators that make an update of each row."""

    #: The parameter that names the user.
    user_field: ClassVar[str]

    #: The parameter with what is set or unset.
    columns_field: ClassVar[str] = "attributes"

    #: The parameters that decide what becomes of a row, besides these two and those that all operators share.
    configuration_fields: ClassVar[tuple[str, ...]] = ()

    #: The vendor's own parameters that only decide how updates are sent: another push may resume with others.
    delivery_fields: ClassVar[tuple[str, ...]] = ()

    users: Rows
    where: str | None
    duplicates: str
    nulls: str
    timezone: str

    def make_operation(self) -> Operation:
        """Return the operation; a vendor's operators define it."""
        raise NotImplementedError

    def make_mapper(self, columns: Any) -> Mapper:
        """Return the mapper from rows to updates.

        :param columns: what is set or unset, rendered.
        :raises InvalidRow: if a name or a constant breaks one of the vendor's rules.
        """
        operation = self.make_operation()
        rules = operation.rules(time_zone(self.timezone))
        if operation.unsets:
            return Mapper(rules, self._user_columns(), unset=tuple(columns), where=self.where)
        return Mapper(rules, self._user_columns(), attributes=columns, **self.mapper_options())

    def mapper_options(self) -> dict[str, Any]:
        """Return the mapper's options where attributes are set."""
        return {"unset_nulls": self.nulls == "unset", "where": self.where, "no_attributes": self.users.keys}

    def configuration(self) -> dict[str, Any]:
        """Return the parameters that decide what becomes of a row; the connection decides too."""
        shared = ("where", "duplicates", "nulls", "timezone")
        fields = (self.columns_field, *shared, self.user_field, *self.configuration_fields)
        return {"operator": type(self).__name__, **{field: getattr(self, field) for field in fields}}

    def named_columns(self, mapper: Mapper) -> dict[str, str]:
        """Return the columns that the author named: column -> parameter."""
        columns = getattr(self, self.columns_field)
        # A dict is easily given the wrong way round, or with a fixed value where a column belongs.
        field = f"{self.columns_field}={{attribute: column}}" if isinstance(columns, Mapping) else self.columns_field
        named = {} if self.where is None else {self.where: "where"}
        named |= dict.fromkeys(mapper.attribute_columns, field)
        return {**named, **dict.fromkeys(mapper.user_columns, self.user_field)}

    def check_given(self) -> None:
        """Check the parameters once all are set, and whether they make a mapper, if that is known.

        :raises WrongParameter: if one is invalid.
        """
        super().check_given()
        if not all(map(_is_known, self.configuration().values())):
            return
        try:
            self.make_mapper(getattr(self, self.columns_field))
        except InvalidRow as invalid:
            raise WrongParameter(explain(self.columns_field, invalid.verdict)) from None
        except RefusedConfiguration as refused:
            raise WrongParameter(str(refused)) from None

    def rendered_columns(self, context: Context) -> Any:
        """Return what is set or unset, with templates in constants rendered.

        :param context: the task's context.
        """
        columns = getattr(self, self.columns_field)
        if not isinstance(columns, dict):
            return columns

        def render(value: Any) -> Any:
            return keep_text(value, self.render_template(value, context))

        return {
            name: Constant(render(source.value))
            if isinstance(source, Constant)
            else source.reading(render(source.column))
            if isinstance(source, Derived)
            else source
            for name, source in columns.items()
        }

    def _user_columns(self) -> dict[str, str]:
        """Return the columns that name the user, in order of preference: credential -> column."""
        columns = getattr(self, self.user_field)
        if isinstance(columns, str):
            return {self.user_field: columns}
        return dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}


def _is_known(value: Any) -> bool:
    """Return whether a parameter is known when the DAG is parsed, with everything in it."""
    if isinstance(value, (Constant, Derived)):
        return _is_known(value.value if isinstance(value, Constant) else value.column)
    if is_deferred(value):
        return False
    parts = value.values() if isinstance(value, Mapping) else value if is_list(value) else ()
    return all(map(_is_known, parts))

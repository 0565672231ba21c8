# SPDX-License-Identifier: Apache-2.0
"""Push attributes and removals to Petrel; the part of ``operators/<vendor>.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs.operators import column_parameters, parameters
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.setting import SettingOperator
from airflow_provider_userattrs.push.model.operation import Operation
from fourth_vendor import api as petrel

if TYPE_CHECKING:
    from fourth_vendor.hook import PetrelHook


class _PetrelOperator(UserPushOperator):
    """Base class of Petrel's operators.

    :param member_id: the column with the member's id.
    :param petrel_conn_id: the Airflow connection.
    """

    template_fields: Sequence[str] = (*UserPushOperator.template_fields, "attributes", "member_id", "petrel_conn_id")

    user_field: ClassVar[str] = "member_id"
    checks: ClassVar[dict[str, parameters.Check]] = {
        **UserPushOperator.checks,
        "member_id": column_parameters.check_column,
        "petrel_conn_id": parameters.check_conn_id,
    }

    def __init__(self, *, member_id: str = "member_id", petrel_conn_id: str = "petrel_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.member_id = member_id
        self.petrel_conn_id = petrel_conn_id

    def make_hook(self) -> PetrelHook:
        """Return the hook."""
        from fourth_vendor.hook import PetrelHook

        return PetrelHook(self.petrel_conn_id)


class PetrelSetAttributesOperator(_PetrelOperator, SettingOperator):
    """Set attributes of Petrel's members."""

    checks: ClassVar[dict[str, parameters.Check]] = {
        **_PetrelOperator.checks,
        **SettingOperator.checks,
        "attributes": column_parameters.check_columns,
    }

    def __init__(self, *, attributes: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return petrel.OPERATIONS["set"]


class PetrelUnsetAttributesOperator(_PetrelOperator):
    """Remove attributes from Petrel's members."""

    checks: ClassVar[dict[str, parameters.Check]] = {
        **_PetrelOperator.checks,
        "nulls": parameters.NO_VALUES,
        "attributes": column_parameters.check_names,
    }

    def __init__(self, *, attributes: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.check_given()

    def make_operation(self) -> Operation:
        """Return the operation."""
        return petrel.OPERATIONS["unset"]

# SPDX-License-Identifier: Apache-2.0
"""What the operators that set attributes or contacts share."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.operators.base import UserPushOperator


class SettingOperator(UserPushOperator):
    """Share what operators that set attributes or contacts have in common.

    :param on_bad_value: what to do about a value that cannot be sent: ``"row"`` makes its row ``invalid``;
        ``"attribute"`` leaves the attribute out, notes it in the report and sends the rest of the row.
    """

    configuration_fields: ClassVar[tuple[str, ...]] = ("on_bad_value",)
    checks: ClassVar[dict[str, parameters.Check]] = {"on_bad_value": parameters.choice("row", "attribute")}

    def __init__(self, *, on_bad_value: str = "row", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_bad_value = on_bad_value

    def mapper_options(self) -> dict[str, Any]:
        """Return what the mapper is told besides columns and NULLs."""
        return {**super().mapper_options(), "leave_out": self.on_bad_value == "attribute"}

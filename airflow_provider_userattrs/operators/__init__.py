# SPDX-License-Identifier: Apache-2.0
"""Operators: a push to each vendor, the total of a mapped push, and a retry policy."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_userattrs.operators.engagelab import (
        EngageLabSetAttributesOperator,
        EngageLabSetContactsOperator,
        EngageLabUnsetAttributesOperator,
    )
    from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator
    from airflow_provider_userattrs.operators.moengage import (
        MoEngageSetAttributesOperator,
        MoEngageUnsetAttributesOperator,
    )
    from airflow_provider_userattrs.operators.retry_policy import VendorRetryPolicy
    from airflow_provider_userattrs.operators.total import PushTotalOperator

__all__ = [
    "EngageLabSetAttributesOperator",
    "EngageLabSetContactsOperator",
    "EngageLabUnsetAttributesOperator",
    "KahunaSetAttributesOperator",
    "KahunaUnsetAttributesOperator",
    "MoEngageSetAttributesOperator",
    "MoEngageUnsetAttributesOperator",
    "PushTotalOperator",
    "VendorRetryPolicy",
]

_MODULES = {
    "EngageLabSetAttributesOperator": ".engagelab",
    "EngageLabSetContactsOperator": ".engagelab",
    "EngageLabUnsetAttributesOperator": ".engagelab",
    "KahunaSetAttributesOperator": ".kahuna",
    "KahunaUnsetAttributesOperator": ".kahuna",
    "MoEngageSetAttributesOperator": ".moengage",
    "MoEngageUnsetAttributesOperator": ".moengage",
    "PushTotalOperator": ".total",
    "VendorRetryPolicy": ".retry_policy",
}

if not TYPE_CHECKING:
    del __all__  # asked for below: `import *` takes what this Airflow has

    def __getattr__(name: str) -> Any:
        from airflow_provider_userattrs._lazy import find

        return find(__name__, name, _MODULES)

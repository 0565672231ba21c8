# SPDX-License-Identifier: Apache-2.0
"""Hooks: a vendor's API through an Airflow connection; and their verdicts and errors."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_userattrs.hooks.engagelab import EngageLabHook
    from airflow_provider_userattrs.hooks.kahuna import KahunaHook
    from airflow_provider_userattrs.hooks.moengage import MoEngageHook
    from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
    from airflow_provider_userattrs.push.model.verdict import Status, Verdict

__all__ = ["EngageLabHook", "KahunaHook", "MoEngageHook", "RefusedConfiguration", "Status", "Verdict"]

_MODULES = {
    "EngageLabHook": ".engagelab",
    "KahunaHook": ".kahuna",
    "MoEngageHook": ".moengage",
    "RefusedConfiguration": "..push.model.errors",
    "Status": "..push.model.verdict",
    "Verdict": "..push.model.verdict",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from airflow_provider_userattrs._lazy import find

        return find(__name__, name, _MODULES)

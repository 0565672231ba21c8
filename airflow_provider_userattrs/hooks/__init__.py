# SPDX-License-Identifier: Apache-2.0
"""A vendor's API by an Airflow connection, one request at a time."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_userattrs.hooks.engagelab import EngageLabHook
    from airflow_provider_userattrs.hooks.kahuna import KahunaHook
    from airflow_provider_userattrs.hooks.moengage import MoEngageHook

__all__ = ["EngageLabHook", "KahunaHook", "MoEngageHook"]

_MODULES = {"EngageLabHook": ".engagelab", "KahunaHook": ".kahuna", "MoEngageHook": ".moengage"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from airflow_provider_userattrs._lazy import find

        return find(__name__, name, _MODULES)

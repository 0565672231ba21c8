# SPDX-License-Identifier: Apache-2.0
"""The engine: a plan, rows and what sends a request go in, a verdict on each row comes out.

It knows no vendor, no Airflow and no HTTP library::

    report = Push(PushPlan(operation=..., mapper=...)).run(rows, send)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.plan import PushPlan as PushPlan
    from airflow_provider_userattrs.push.push import Push as Push

_MODULES = {"Push": ".push", "PushPlan": ".plan"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from airflow_provider_userattrs._lazy import find

        return find(__name__, name, _MODULES)

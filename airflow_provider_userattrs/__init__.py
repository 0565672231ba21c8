# SPDX-License-Identifier: Apache-2.0
"""Push what a company knows about its users from Airflow to EngageLab MA, Kahuna and MoEngage.

What a DAG author writes beside an operator is here in one import, and is loaded when it is asked for: Airflow imports
this package while it starts.
"""

TYPE_CHECKING = False  # type checkers take it for true; importing typing for it would cost whoever imports this package
if TYPE_CHECKING:
    from airflow_provider_userattrs.changes import ChangedOnly, Watermark
    from airflow_provider_userattrs.columns import Constant, Hashed, Phone, Using
    from airflow_provider_userattrs.push_log import PushLog
    from airflow_provider_userattrs.sources.files import FileRows
    from airflow_provider_userattrs.sources.handover import hand_over
    from airflow_provider_userattrs.sources.rejects import Rejects
    from airflow_provider_userattrs.sources.shards import shards
    from airflow_provider_userattrs.sources.sql import SqlRows

__version__ = "0.1.0"

__all__ = [
    "ChangedOnly",
    "Constant",
    "FileRows",
    "Hashed",
    "Phone",
    "PushLog",
    "Rejects",
    "SqlRows",
    "Using",
    "Watermark",
    "__version__",
    "hand_over",
    "shards",
]

_MODULES = {
    "ChangedOnly": ".changes",
    "Constant": ".columns",
    "FileRows": ".sources.files",
    "Hashed": ".columns",
    "Phone": ".columns",
    "PushLog": ".push_log",
    "Rejects": ".sources.rejects",
    "SqlRows": ".sources.sql",
    "Using": ".columns",
    "Watermark": ".changes",
    "hand_over": ".sources.handover",
    "shards": ".sources.shards",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        from airflow_provider_userattrs._lazy import find

        return find(__name__, name, _MODULES)

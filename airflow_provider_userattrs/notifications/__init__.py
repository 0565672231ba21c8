# SPDX-License-Identifier: Apache-2.0
"""Notifiers: what a push came to, for ``on_failure_callback``, ``on_success_callback`` and ``on_attention``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_userattrs.notifications.email import EmailPushNotifier
    from airflow_provider_userattrs.notifications.push import PushNotifier
    from airflow_provider_userattrs.notifications.slack import SlackPushNotifier

__all__ = ["EmailPushNotifier", "PushNotifier", "SlackPushNotifier"]

_MODULES = {"EmailPushNotifier": ".email", "PushNotifier": ".push", "SlackPushNotifier": ".slack"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from airflow_provider_userattrs._lazy import find

        return find(__name__, name, _MODULES)

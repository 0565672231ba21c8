# SPDX-License-Identifier: Apache-2.0
"""A message about a push to a channel of Slack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_userattrs.notifications.push import PushNotifier
from airflow_provider_userattrs.push.report.attention import Message

__all__ = ["SlackPushNotifier"]

#: Characters that Slack reads as marks -> how they are written.
#: https://docs.slack.dev/messaging/formatting-message-text#escaping
_MARKS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class SlackPushNotifier(PushNotifier):
    """Send what a push came to to Slack, through an incoming webhook.

    It needs the extra ``slack``, which is ``apache-airflow-providers-slack`` and what that imports.

    :param slack_webhook_conn_id: the id of a connection of type Slack Incoming Webhook; may be a template.
    """

    template_fields: Sequence[str] = ("slack_webhook_conn_id",)

    def __init__(self, slack_webhook_conn_id: str = "slack_default") -> None:
        super().__init__()
        self.slack_webhook_conn_id = slack_webhook_conn_id

    def send(self, message: Message) -> None:
        """Send a message.

        :param message: the message.
        :raises ImportError: if Slack's provider, or what it imports, is not installed.
        """
        _hook(self.slack_webhook_conn_id).send(text=_text(message), unfurl_links=False)


def _hook(conn_id: str) -> Any:
    try:
        from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook
    except ImportError:
        raise ImportError(
            "SlackPushNotifier needs apache-airflow-providers-slack and aiohttp; install airflow-provider-userattrs "
            "with the extra slack"
        ) from None
    return SlackWebhookHook(slack_webhook_conn_id=conn_id)


def _text(message: Message) -> str:
    title, *lines = (line.translate(_MARKS) for line in message.lines()[:-1])
    url = message.url
    link = f"<{url}|{message.page}>" if url.startswith(("http://", "https://")) else url.translate(_MARKS)
    return "\n".join([f"*{title}*", *lines, link])

# SPDX-License-Identifier: Apache-2.0
"""A backend for e-mails, as `[email] email_backend` names one."""

from __future__ import annotations

from typing import Any

sent: list[Any] = []


def send(to: Any, subject: str, html_content: str, conn_id: str | None = None, **_: Any) -> None:
    """Keep a message."""
    sent.append((to, subject, conn_id))

# SPDX-License-Identifier: Apache-2.0
"""A message about a push by e-mail."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from markupsafe import escape

from airflow_provider_userattrs.notifications.push import PushNotifier
from airflow_provider_userattrs.operators.parameters import refuse
from airflow_provider_userattrs.push.report.attention import Message

__all__ = ["EmailPushNotifier"]

#: Airflow's own way to send an e-mail; any other one, of ``[email] email_backend``, is used as it is.
_SMTP = "airflow.utils.email.send_email_smtp"


class EmailPushNotifier(PushNotifier):
    """Send what a push came to by e-mail, the way Airflow sends those on failed tasks.

    On Airflow 3 that is the SMTP provider, which comes with Airflow, with a connection; on Airflow 2, and wherever
    ``[email] email_backend`` is another one, that backend.

    :param to: one address or several, as text with commas between or as a list; may be a template.
    :param from_email: the sender; None for the connection's, then ``[email] from_email``. Not for a backend.
    :param smtp_conn_id: the id of the connection; None for ``[email] email_conn_id``. May be a template.
    :raises ValueError: if there is no address.
    """

    template_fields: Sequence[str] = ("to", "from_email", "smtp_conn_id")

    def __init__(
        self, to: str | Sequence[str], *, from_email: str | None = None, smtp_conn_id: str | None = None
    ) -> None:
        super().__init__()
        addresses = [to] if isinstance(to, str) else to
        if not isinstance(addresses, (list, tuple)) or not addresses or not all(map(_is_address, addresses)):
            refuse("to", to, "give an e-mail address, or a list of them")
        self.to = to
        self.from_email = from_email
        self.smtp_conn_id = smtp_conn_id

    def send(self, message: Message) -> None:
        """Send a message.

        :param message: the message.
        """
        from airflow.configuration import conf

        content = _html(message)
        if not AIRFLOW_V_3_0_PLUS or conf.get("email", "email_backend", fallback=_SMTP) != _SMTP:
            from airflow.utils.email import send_email

            send_email(self.to, message.title, content, conn_id=self.smtp_conn_id)
            return
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        conn_id = self.smtp_conn_id or conf.get("email", "email_conn_id", fallback=SmtpHook.default_conn_name)
        with SmtpHook(smtp_conn_id=conn_id) as hook:
            sender = self.from_email or hook.from_email or conf.get("email", "from_email", fallback=None)
            hook.send_email_smtp(to=self.to, subject=message.title, html_content=content, from_email=sender)


def _is_address(given: object) -> bool:
    """Return whether it is text with an address in it, or a template that may give one."""
    return isinstance(given, str) and bool(given.strip(" ,;"))


def _html(message: Message) -> str:
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in message.reasons)
    url = escape(message.url)
    # A relative one, where Airflow does not know its own address, would lead nowhere.
    link = (
        f'<a href="{url}">{message.page}</a>' if url.startswith(("http://", "https://")) else f"{message.page}: {url}"
    )
    return f"<p>{escape(message.sentence)}</p>{f'<ul>{reasons}</ul>' if reasons else ''}<p>{link}</p>"

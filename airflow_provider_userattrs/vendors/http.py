# SPDX-License-Identifier: Apache-2.0
"""What HTTP defines where a vendor's own pages say nothing: statuses, and headers that ask to wait.

Proxies, gateways and load balancers respond too. The statuses' meanings are those of RFC 9110, 15, and RFC 6585, 4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime

from airflow_provider_userattrs.push.model.operation import BUSY_STATUSES, Response
from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict

_CHECK_HOST = "Check the connection's host: it does not serve this API."
_CHECK_KEYS = "Check the connection's login and password."
_RETRY_TASK = "Nothing was applied; retry the task later, or lower rate_limit."
_IN_DOUBT = "Check these users at the vendor; push the rows again if the operation may be repeated."

_STATUSES = {
    401: Verdict(Status.UNSENT, "401", "authentication refused", _CHECK_KEYS, Action.STOP),
    403: Verdict(Status.UNSENT, "403", "access refused", _CHECK_KEYS, Action.STOP),
    404: Verdict(Status.UNSENT, "404", "address not found", _CHECK_HOST, Action.STOP),
    405: Verdict(Status.UNSENT, "405", "method not allowed", _CHECK_HOST, Action.STOP),
    407: Verdict(Status.UNSENT, "407", "proxy authentication required", "Check the proxy's settings.", Action.STOP),
    408: Verdict(Status.UNKNOWN, "408", "request timed out at the vendor", _IN_DOUBT, Action.RETRY),
    413: Verdict(Status.REJECTED, "413", "request too large", "Send fewer or shorter attributes.", Action.SPLIT),
    423: Verdict(Status.UNSENT, "423", "temporarily locked", _RETRY_TASK, Action.RETRY),
    425: Verdict(Status.UNSENT, "425", "too early", _RETRY_TASK, Action.RETRY),
    429: Verdict(Status.UNSENT, "429", "too many requests", _RETRY_TASK, Action.RETRY),
}

#: Maximum wait in seconds; a longer one is considered a mistake.
_MAX_WAIT = 86_400.0

#: `x-ratelimit-reset` is not standardised: it may be the seconds left or epoch seconds. Up to this it is seconds left.
_MAX_RESET = 3600

#: How many responses a vendor's reader remembers: most are the same bytes as one before, and are read once.
REMEMBERED = 16

#: One value of a list of seconds and dates.
_LISTED = re.compile(r"\s*(?:[A-Za-z]+,)?[^,]+")


def contradicted(status: int) -> Verdict:
    """Return the verdict on a request whose body reports success under a status that does not, as a proxy may send it.

    :param status: the HTTP status.
    """
    action = by_status(status).action
    return Verdict(
        Status.UNKNOWN,
        str(status),
        "the body reports success, but the HTTP status does not",
        _IN_DOUBT,
        Action.KEEP if action is Action.SPLIT else action,
    )


def has_twice(body: bytes, key: str, most: int = 1) -> bool:
    """Return whether a key occurs twice in one JSON object: a parser keeps one, and it is unclear which was meant.

    :param body: valid JSON.
    :param key: the key.
    :param most: how often it may occur in the whole body; the body is only searched if it occurs more often.
    """
    if body.count(b'"%s"' % key.encode()) <= most:
        return False
    twice: list[bool] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        twice.append(sum(name == key for name, _ in pairs) > 1)

    try:
        json.loads(body, object_pairs_hook=look)
    except (ValueError, RecursionError):  # orjson reads more than json
        return True
    return any(twice)


def is_text(value: object, text: str) -> bool:
    """Return whether a value in a vendor's body is the given text, ignoring case and surrounding whitespace.

    :param value: the value.
    :param text: the text, in lower case.
    """
    return isinstance(value, str) and value.strip().lower() == text


def by_status(status: int) -> Verdict:
    """Return the verdict on a whole request from its HTTP status alone.

    :param status: a status that the vendor's own table does not have.
    """
    known = _STATUSES.get(status)
    if known:
        return known
    code = str(status)
    if 300 <= status < 400:
        # Most redirects mean that nothing was done, but a 303 may follow an update that was applied.
        return Verdict(Status.UNKNOWN, code, "redirected; redirects are not followed", _CHECK_HOST, Action.STOP)
    if 400 <= status < 500:
        return Verdict(Status.REJECTED, code, "request refused", "Fix the rows and push them again.", see_rejects=True)
    if status >= 500:
        return Verdict(Status.UNKNOWN, code, "server error", _IN_DOUBT, Action.RETRY)
    return Verdict(Status.UNKNOWN, code, "unexpected response", _IN_DOUBT)


def asked_to_wait(response: Response, clock: Callable[[], float]) -> float | None:
    """Return for how many seconds a response asks to send nothing, a day at most, or None.

    :param response: the vendor's response.
    :param clock: returns the seconds since the epoch; called only if the response asks to wait, as few do.
    """
    headers = response.headers
    is_busy = response.status in BUSY_STATUSES
    if not is_busy and headers.get("x-ratelimit-remaining") != "0":
        return None
    now = clock()
    waits = [_reset(headers, now)]
    if is_busy:
        waits.append(_retry_after(headers, now))
    return max((min(wait, _MAX_WAIT) for wait in waits if wait is not None), default=None)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the longest of the waits asked for (RFC 9110, 10.2.3).

    Several headers are joined into one list; the comma after a date's weekday does not separate values.
    """
    values = _LISTED.findall(headers.get("retry-after", ""))
    waits = [_one_retry_after(value.strip(), headers, now) for value in values]
    return max((wait for wait in waits if wait is not None), default=None)


def _one_retry_after(text: str, headers: Mapping[str, str], now: float) -> float | None:
    if (seconds := _seconds(text)) is not None:
        return seconds
    moment = _http_date(text)
    return None if moment is None else max(0.0, moment - _vendor_time(headers, now))


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    seconds = _seconds(headers.get("x-ratelimit-reset", "").strip())
    if seconds is None or seconds <= _MAX_RESET:
        return seconds
    return max(0.0, seconds - _vendor_time(headers, now))


def _seconds(text: str) -> float | None:
    """Return a number of seconds; neither a wait nor an epoch has more digits than this."""
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 11 else None


def _vendor_time(headers: Mapping[str, str], now: float) -> float:
    """Return the time by the vendor's clock, so that this machine's clock may be wrong."""
    sent = _http_date(headers.get("date", ""))
    return now if sent is None else sent


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        # A date without a zone is GMT (RFC 9110, 5.6.7).
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None

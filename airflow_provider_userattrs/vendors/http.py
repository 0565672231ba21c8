# SPDX-License-Identifier: Apache-2.0
"""What an HTTP status means where the vendor's own pages say nothing: proxies, gateways, load balancers.

The meanings are those of RFC 9110, 15, and RFC 6585, 4.
"""

from __future__ import annotations

import json

from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict

_CHECK_HOST = "Check the connection's host: what answers there is not this API."
_CHECK_KEYS = "Check the connection's login and password."
_RETRY_TASK = "Nothing was applied; retry the task later, or lower rate_limit."
_IN_DOUBT = "Check these users at the vendor; push the rows again if the operation may be repeated."

_STATUSES = {
    401: Verdict(Status.UNSENT, "401", "authentication refused", _CHECK_KEYS, Action.STOP),
    403: Verdict(Status.UNSENT, "403", "access refused", _CHECK_KEYS, Action.STOP),
    404: Verdict(Status.UNSENT, "404", "no such address", _CHECK_HOST, Action.STOP),
    405: Verdict(Status.UNSENT, "405", "method not allowed", _CHECK_HOST, Action.STOP),
    407: Verdict(Status.UNSENT, "407", "the proxy asks for credentials", "Check the proxy's settings.", Action.STOP),
    408: Verdict(Status.UNKNOWN, "408", "request timed out at the vendor", _IN_DOUBT, Action.RETRY),
    413: Verdict(Status.REJECTED, "413", "request too large", "Send fewer or shorter attributes.", Action.SPLIT),
    423: Verdict(Status.UNSENT, "423", "locked for now", _RETRY_TASK, Action.RETRY),
    425: Verdict(Status.UNSENT, "425", "too early", _RETRY_TASK, Action.RETRY),
    429: Verdict(Status.UNSENT, "429", "too many requests", _RETRY_TASK, Action.RETRY),
}


def contradicted(status: int) -> Verdict:
    """Return the verdict on a request whose answer says success under a status that does not: a cache's, a proxy's.

    :param status: the HTTP status.
    """
    action = by_status(status).action
    return Verdict(
        Status.UNKNOWN,
        str(status),
        "the body says success, and the HTTP status does not",
        _IN_DOUBT,
        Action.KEEP if action is Action.SPLIT else action,
    )


def has_twice(body: bytes, key: str, most: int = 1) -> bool:
    """Tell whether a key stands twice in a JSON object: a parser keeps one, and nobody knows which was meant.

    :param body: what a parser has taken for JSON.
    :param key: the key.
    :param most: how often it may stand in the whole body; only where it is more often is the body looked through.
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


def says(value: object, word: str) -> bool:
    """Tell whether a vendor's value is a word; case and blanks around it do not count.

    :param value: what stands in the body.
    :param word: the word, in lower case.
    """
    return isinstance(value, str) and value.strip().lower() == word


def by_status(status: int) -> Verdict:
    """Return the verdict on a whole request from its HTTP status alone.

    :param status: a status for which the vendor's own table has no line.
    """
    known = _STATUSES.get(status)
    if known:
        return known
    code = str(status)
    if 300 <= status < 400:
        # Most redirects mean that nothing was done, but a 303 may follow on an update that was applied.
        return Verdict(Status.UNKNOWN, code, "redirected; redirects are not followed", _CHECK_HOST, Action.STOP)
    if 400 <= status < 500:
        return Verdict(Status.REJECTED, code, "request refused", "Mend the rows and push them again.", see_rejects=True)
    if status >= 500:
        return Verdict(Status.UNKNOWN, code, "server error", _IN_DOUBT, Action.RETRY)
    return Verdict(Status.UNKNOWN, code, "answer is none of this API's", _IN_DOUBT)

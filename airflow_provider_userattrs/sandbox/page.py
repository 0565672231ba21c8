# SPDX-License-Identifier: Apache-2.0
"""The page at ``/``: each vendor's users, its last requests, and what was refused and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from itertools import islice
from typing import Any

from .journal import Entry
from .vendor import Vendor, listed
from .welcome import seeding_command
from .world import World

MAX_USERS = 20
MAX_REQUESTS = 20

_STYLE = """
:root {
  color-scheme: light dark;
  --line: #d0d4d9; --text: #1b1f24; --dim: #5b6470; --page: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root { --line: #3a414a; --text: #e3e7ec; --dim: #9aa4b0; --page: #16191d; }
}
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
}
h1 { font-size: 1.5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { color: var(--dim); }
div.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
th, td { border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; }
td { overflow-wrap: anywhere; }
"""


def _text(value: object) -> str:
    return escape(str(value), quote=True)


def _table(headings: Iterable[str], rows: Iterable[Iterable[object]], empty: str) -> str:
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return f"<p>{_text(empty)}</p>"
    head = "".join(f'<th scope="col">{_text(heading)}</th>' for heading in headings)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()


def _refused(entries: list[Entry], summary: Mapping[str, Any]) -> str:
    statuses = {status: count for status, count in summary["by_status"].items() if status != "200"}
    counts = [("no answer" if status == "none" else f"HTTP {status}", n) for status, n in statuses.items()]
    faults = sum(entry.fault is not None for entry in entries)
    table = _table(("status or code", "times"), [*counts, *summary["by_code"].items()], "nothing")
    return table + f"<p>Requests with a fault: {faults}</p>"


def _requests(entries: list[Entry]) -> str:
    rows = (
        (
            entry.number,
            datetime.fromtimestamp(entry.at).strftime("%H:%M:%S.%f")[:-3],
            f"{entry.method} {entry.path}" + (f"?env={entry.env}" if entry.env else ""),
            entry.rows,
            "none" if entry.status is None else entry.status,
            ", ".join(f"{code} ({count})" for code, count in entry.codes.items()),
            "yes" if entry.applied else "no",
        )
        for entry in reversed(entries[-MAX_REQUESTS:])
    )
    return _table(("no.", "at", "request", "rows", "status", "codes", "applied"), rows, "none yet")


def _users(vendor: Vendor, environment: str) -> str:
    users = list(islice(vendor.stored(environment), MAX_USERS))
    fields = list(dict.fromkeys(field for _, user in users for field in user))
    rows = ((key, *(_compact(user.get(field)) for field in fields)) for key, user in users)
    return _table(("key", *fields), rows, "none")


def _section(world: World, vendor: Vendor, url: str) -> str:
    entries = world.journal.entries(vendor.name)
    summary = world.journal.summary(vendor.name)
    parts = [
        f"<h2>{_text(vendor.title)}</h2>",
        f"<p>Host <code>{_text(url)}/{_text(vendor.name)}</code>, login <code>{_text(vendor.login.user)}</code>, "
        f"password <code>{_text(vendor.login.password)}</code></p>",
        f"<p>To add a user: <code>{_text(seeding_command(vendor, url))}</code></p>",
        f"<p>{summary['requests']} requests with {summary['rows']} rows; "
        f"worst second {summary['worst_second']['requests']} requests.</p>",
        "<h3>Refused</h3>",
        _refused(entries, summary),
        f"<h3>Last {MAX_REQUESTS} requests</h3>",
        _requests(entries),
    ]
    for environment in vendor.environments:
        where = f" in environment {environment}" if environment else ""
        parts.append(f"<h3>{vendor.count(environment)} users{_text(where)}</h3>")
        parts.append(_users(vendor, environment))
    return "<section>" + "".join(parts) + "</section>"


def render(world: World, url: str) -> str:
    """Return the page; everything from outside is escaped, and nothing is loaded.

    :param world: the state to show
    :param url: the sandbox's own URL, without a trailing slash
    """
    sections = "".join(_section(world, vendor, url) for vendor in world.vendors.values())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>User attribute sandbox</title><style>{_STYLE}</style></head><body>"
        "<h1>User attribute sandbox</h1>"
        f"<p>{_text(listed(world.vendors.values()))}, imitated on this machine. "
        "Nothing leaves it. Reload the page to update it.</p>"
        f"{sections}</body></html>"
    )

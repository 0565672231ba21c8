# SPDX-License-Identifier: Apache-2.0
"""The text that the sandbox prints at its start: each vendor's URL, credentials and users."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable

from .vendor import Vendor, VendorClass

#: How many users each vendor has at the start, unless the sandbox is started empty.
KNOWN_USERS = 2_000

_HEADINGS = ("", "host", "login", "password", "a user")


def populate(vendor: Vendor) -> None:
    """Add the initial users to each environment of a vendor."""
    users = [vendor.user(number) for number in range(KNOWN_USERS)]
    for environment in vendor.environments:
        vendor.seed(users, environment)


def seeding_command(vendor: Vendor | VendorClass, url: str) -> str:
    """Return a command that adds one more user to a vendor."""
    body = {"vendor": vendor.name, "users": [vendor.user(KNOWN_USERS)]}
    return f"curl {url}/_sandbox/users -d {shlex.quote(json.dumps(body))}"


def credentials(vendors: Iterable[VendorClass], url: str) -> str:
    """Return a table with each vendor's base URL, credentials and first user."""
    rows = [_HEADINGS]
    for vendor in vendors:
        user = json.dumps(vendor.user(0))
        rows.append((vendor.title, f"{url}/{vendor.name}", vendor.login.user, vendor.login.password, user))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def welcome(vendors: Iterable[VendorClass], url: str, *, populated: bool = True) -> str:
    """Return the text printed at the start."""
    vendors = list(vendors)
    known = (
        f"Each vendor has {KNOWN_USERS:,} users, numbered from this one on. To add another:"
        if populated
        else "No vendor has a user yet. To add one:"
    )
    return f"{credentials(vendors, url)}\n\n{known}\n  {seeding_command(vendors[0], url)}"

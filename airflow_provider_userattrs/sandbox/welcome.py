# SPDX-License-Identifier: Apache-2.0
"""What a person needs to begin: where each vendor is, the credentials it takes, and whom it knows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable

from .vendor import Vendor, VendorClass

#: The users that each vendor knows at the start, unless the sandbox is started empty: those of the numbers below it.
KNOWN_USERS = 2_000

_HEADINGS = ("", "host", "login", "password", "a user")


def populate(vendor: Vendor) -> None:
    """Take in the users that a vendor knows at the start, in each of its environments."""
    users = [vendor.user(number) for number in range(KNOWN_USERS)]
    for environment in vendor.environments:
        vendor.seed(users, environment)


def seeding_command(vendor: Vendor | VendorClass, url: str) -> str:
    """Give the command that has a vendor know one user more."""
    body = {"vendor": vendor.name, "users": [vendor.user(KNOWN_USERS)]}
    return f"curl {url}/_sandbox/users -d {shlex.quote(json.dumps(body))}"


def credentials(vendors: Iterable[VendorClass], url: str) -> str:
    """Give a table with the base URL and the credentials of each vendor, and the first user of those made up."""
    rows = [_HEADINGS]
    for vendor in vendors:
        user = json.dumps(vendor.user(0))
        rows.append((vendor.title, f"{url}/{vendor.name}", vendor.login.user, vendor.login.password, user))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def welcome(vendors: Iterable[VendorClass], url: str, *, populated: bool = True) -> str:
    """Give the text that a sandbox starts with."""
    vendors = list(vendors)
    known = (
        f"Each vendor knows {KNOWN_USERS:,} users, numbered on from this one. To add one:"
        if populated
        else "No vendor knows a user yet. To add one:"
    )
    return f"{credentials(vendors, url)}\n\n{known}\n  {seeding_command(vendors[0], url)}"

# SPDX-License-Identifier: Apache-2.0
"""EngageLab's error codes.

Codes and texts: seeds 000_07f6870b0c84cf74.txt (property) and 001_ba1b38142f9df95a.txt (contact), which share
one table; 55102's text is that of the sample "All Failed" in the first. 55014 is only in the sample of
https://www.engagelab.com/zh_CN/docs/marketing-automation/rest-api/contact-setup.
The vendor documents no HTTP status for a refusal: those below are what the switch
``engagelab.http_status: mapped`` sends.
"""

from __future__ import annotations

from collections.abc import Mapping

# code: (text, HTTP status when mapped)
ERRORS: Mapping[int, tuple[str, int]] = {
    40050: ("Interface authentication failed.", 401),
    40007: ("EUID is empty.", 400),
    50031: ("Project ID is invalid.", 401),
    50034: ("Project ID does not exist.", 401),
    50074: ("API data source does not exist.", 401),
    55004: ("Business parameters are invalid.", 400),
    55014: ("Contact exists", 409),
    55101: ("The number of user identifiers exceeds the limit.", 400),
    55102: ("Invalid user attributes exist", 400),
    55103: ("User attribute values cannot be empty.", 400),
    55105: ("The value of the user identifier cannot exceed 256 characters.", 400),
    55106: ("The name of the user identifier is not within the supported range.", 400),
    55107: ("The value of the user identifier is empty.", 400),
    55108: ("Invalid EUID.", 400),
    -1: ("Internal server error.", 500),
}

# The code of a fault that names only an HTTP status.
CODE_OF_STATUS: Mapping[int, int] = {400: 55004, 401: 40050, 500: -1}

# The account states, as values of the switch engagelab.account and as logins that take any secret.
ACCOUNTS: Mapping[str, int] = {
    "refused": 40050,
    "invalid-project": 50031,
    "deleted-project": 50034,
    "deleted-source": 50074,
}


class EngageLabError(Exception):
    """A refusal with one of the documented codes."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

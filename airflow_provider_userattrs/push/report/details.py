# SPDX-License-Identifier: Apache-2.0
"""What a report says about its push besides the rows' verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_userattrs.push.model.shard import Shard


@dataclass(frozen=True)
class Details:
    """What a report says about its push besides the rows' verdicts.

    :param of: how many rows there are, or None if that is not known before they are read.
    :param destination: where the users are, as a URI.
    :param configuration: how the push was set, by parameter.
    :param shard: which shard of a mapped push this is.
    :param rejects_path: the file for the rows that are not accepted.
    :param source_rows: how many rows the source has, where they were counted before the first was read.
    :param unexpected_rows: why their number refuses a push, as a clause; a dry run goes on and says so. Or None.
    """

    of: int | None = None
    destination: str | None = None
    configuration: Mapping[str, Any] | None = None
    shard: Shard | None = None
    rejects_path: str | None = None
    source_rows: int | None = None
    unexpected_rows: str | None = None

    def as_dict(self, rejects_paths: Sequence[str]) -> dict[str, Any]:
        """Return what all tries have in common as JSON; the number of rows in the source is said apart, if it is known.

        :param rejects_paths: the files of all tries for the rows that are not accepted.
        """
        one = rejects_paths[0] if rejects_paths else None
        return {
            "rejects_path": list(rejects_paths) if len(rejects_paths) > 1 else one,
            "of": self.of,
            "destination": self.destination,
            "configuration": self.configuration or {},
            "shard": None if self.shard is None else self.shard.as_dict(),
        }

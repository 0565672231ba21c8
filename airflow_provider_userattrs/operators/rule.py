# SPDX-License-Identifier: Apache-2.0
"""What must hold of several parameters together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Moment(Enum):
    """When parameters are checked together."""

    #: An operator has been given its parameters: the DAG is parsed, or a mapped task is about to run.
    GIVEN = "given"

    #: The DAG is parsed; of a mapped operator once, for all of its task instances.
    PARSED = "parsed"

    #: Airflow has rendered the parameters.
    RENDERED = "rendered"


@dataclass(frozen=True)
class Rule:
    """A rule on several parameters.

    :param reads: the parameters that it reads. It is left out while one of them is mapped over, and applied when each
        task instance has its own value.
    :param check: given the operator, raises `WrongParameter` if the rule is broken.
    :param moments: when it is applied.
    """

    reads: tuple[str, ...]
    check: Callable[[Any], None]
    moments: frozenset[Moment] = frozenset({Moment.GIVEN, Moment.RENDERED})

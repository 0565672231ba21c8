# SPDX-License-Identifier: Apache-2.0
"""Whatever a parser of foreign input is given, it parses it, or says in an error of its own why it does not.

`make fuzz` gives each of them its share of 10 minutes; otherwise each gets some dozens of inputs.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz.parsers import Parser, parsers

PARSERS = parsers()
#: Seconds that each parser gets; 0 for one round.
SECONDS = float(os.environ.get("USERATTRS_FUZZ_SECONDS", "0")) / len(PARSERS)
FIRST_SEED = int(os.environ.get("USERATTRS_SEED", "1"))
ROUND = 60 if not SECONDS else 100


def inputs_of(parser: Parser) -> Any:
    @settings(
        max_examples=ROUND,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    @given(parser.inputs)
    def parse(drawn: Any) -> None:
        with suppress(*parser.refusals):
            parser.parse(drawn)

    return parse


@pytest.mark.usefixtures("fourth_vendor")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("parser", PARSERS, ids=[parser.name for parser in PARSERS])
def test_it_is_parsed_or_refused(parser: Parser, record_property: Any) -> None:
    end, rounds = time.monotonic() + SECONDS, 0
    while not rounds or time.monotonic() < end:
        seed(FIRST_SEED + rounds)(inputs_of(parser))()
        rounds += 1
    record_property("inputs", rounds * ROUND)

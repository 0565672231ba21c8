# SPDX-License-Identifier: Apache-2.0
"""Starts the sandbox, which shares no code with the package, in place of this process."""

from __future__ import annotations

import argparse
import os
import sys

_MODULE = "airflow_provider_userattrs.sandbox"


def sandbox(given: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    sys.stdout.flush()
    os.execv(
        sys.executable,
        [sys.executable, "-m", _MODULE, "--port", given.port, *(["--empty"] if given.empty else [])],
    )

# SPDX-License-Identifier: Apache-2.0
"""Run a command: ``python -m airflow_provider_userattrs preview DAG TASK``."""

from __future__ import annotations

from airflow_provider_userattrs.cli.definition import make_parser

if __name__ == "__main__":
    arguments = make_parser().parse_args()
    arguments.func(arguments)

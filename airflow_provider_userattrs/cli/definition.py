# SPDX-License-Identifier: Apache-2.0
"""Which commands there are and what they take, declared once: Airflow asks for them with each of its own commands."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias

GROUP = "userattrs"
HELP = "Push user attributes: look before you send, send what failed again"

#: What the parsers call with the arguments.
Run: TypeAlias = Callable[[argparse.Namespace], None]


class CommandFailed(Exception):
    """Raised when a command cannot do what it is asked for; its text is shown, and the exit code is 1."""


@dataclass(frozen=True)
class Argument:
    """An argument of a command.

    :param flags: its name, or its flags.
    :param options: the others of `argparse.ArgumentParser.add_argument`.
    """

    flags: tuple[str, ...]
    options: dict[str, Any]


def _argument(*flags: str, **options: Any) -> Argument:
    return Argument(flags, options)


@dataclass(frozen=True)
class Command:
    """A command.

    :param name: its name, and that of the module and the function that run it.
    :param help: what it does, in one line.
    :param description: what it does.
    :param arguments: its arguments.
    """

    name: str
    help: str
    description: str
    arguments: tuple[Argument, ...] = field(default=())

    def __call__(self, given: argparse.Namespace) -> None:
        """Run it; end the process with 1 and a sentence if it fails."""
        reports_errors, logging.raiseExceptions = logging.raiseExceptions, False  # of a closed pipe, in Airflow 2's log
        try:
            getattr(import_module(f"{__package__}.{self.name}"), self.name)(given)
            sys.stdout.flush()
        except CommandFailed as failed:
            print(failed, file=sys.stderr)
            raise SystemExit(1) from None
        except BrokenPipeError:  # who reads, such as head, has read enough; what is left is not written at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(141) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        finally:
            logging.raiseExceptions = reports_errors


def _count(text: str) -> int:
    """Return a whole number from 1 on; thousands may be set apart, as our own texts do."""
    digits = text.replace(",", "").replace("_", "")
    if not digits.isdecimal() or not int(digits):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return int(digits)


def _sampled(text: str) -> int:
    """Return a number of requests to show, as ``sample`` of the operators takes it."""
    if not text.isdecimal() or int(text) > 20:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 20, not {text!r}")
    return int(text)


def _amount(text: str) -> float:
    """Return a number over 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number over 0, not {text!r}")
    return number


_TASK = (
    _argument("dag_id", metavar="DAG", help="the DAG"),
    _argument("task_id", metavar="TASK", help="the task in it that pushes; it must not be mapped"),
)
_WHERE = (
    _argument(
        "-f", "--file", metavar="PATH", help="the file or the folder that has the DAG (default: Airflow's dags_folder)"
    ),
    _argument("-d", "--date", metavar="DATE", help="the logical date for templates, in ISO format (default: now)"),
    _argument("-c", "--conf", metavar="JSON", help="the run's conf for templates; it also sets params"),
)
_SHOWN = (
    _argument("-s", "--sample", type=_sampled, default=3, metavar="N", help="show so many requests (default: 3)"),
    _argument(
        "--values", action="store_true", help="show the users' values too, in place of their kinds: personal data"
    ),
)

COMMANDS = (
    Command(
        "preview",
        "Show what a task would send, and send nothing",
        "Read the first rows of a task's own source, and show which requests it would send and what is wrong with the "
        "other rows. Nothing is sent to the vendor and nothing is stored. No other task is run: rows must come from a "
        "source (SqlRows, FileRows, a path), not from a task's output.",
        (
            *_TASK,
            _argument("-n", "--limit", type=_count, default=100, metavar="N", help="read so many rows (default: 100)"),
            *_SHOWN,
            *_WHERE,
        ),
    ),
    Command(
        "replay",
        "Send the rows of a rejects file again",
        "Push the rows of a rejects file, which you may have corrected, as a task pushes its own: with its columns and "
        "its connection. Without --send it is a dry run. The file is left as it is.",
        (
            _argument("path", metavar="PATH", help="the rejects file, as the report names it, or the rejects_path"),
            *_TASK,
            _argument("--send", action="store_true", help="send the rows; without it nothing is sent"),
            _argument("--rejects", metavar="PATH", help="write the rows that fail again to this file"),
            _argument(
                "--in-doubt",
                action="store_true",
                help="also rows that may have been applied, although the operation must not be done twice",
            ),
            *_SHOWN,
            *_WHERE,
        ),
    ),
    Command(
        "size",
        "Show how long a push takes, and in how many shards",
        "Show for each vendor how many users a second one task sends, how long a push takes, and how many shards it "
        "needs to end in time, by the vendor's documented limits.",
        (
            _argument("--users", type=_count, default=1_000_000, metavar="N", help="users (default: 1000000)"),
            _argument("--hours", type=_amount, default=4.0, metavar="H", help="hours it may take (default: 4)"),
            _argument(
                "--latency", type=_amount, default=0.05, metavar="S", help="seconds of one request (default: 0.05)"
            ),
            _argument(
                "--concurrency", type=_count, default=16, metavar="N", help="requests in flight of a task (default: 16)"
            ),
            _argument(
                "--user-bytes",
                type=_count,
                default=250,
                metavar="N",
                help="bytes of a user, where bytes limit a request (default: 250)",
            ),
        ),
    ),
    Command(
        "sandbox",
        "Imitate the vendors on 127.0.0.1",
        "Start the sandbox, which imitates the vendors on 127.0.0.1 until Ctrl-C; it prints each vendor's host and "
        "credentials. The same as python -m airflow_provider_userattrs.sandbox, which has more options.",
        (
            _argument("--port", default="8765", metavar="N", help="TCP port; 0 picks a free one (default: 8765)"),
            _argument("--empty", action="store_true", help="start with no users"),
        ),
    ),
)


def get_cli_commands() -> list[Any]:
    """Return the commands as Airflow's command line takes them."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

    return [
        GroupCommand(
            name=GROUP,
            help=HELP,
            subcommands=[
                ActionCommand(
                    name=command.name,
                    help=command.help,
                    description=command.description,
                    func=command,
                    args=[
                        Arg(each.flags, **each.options)  # type: ignore[no-untyped-call]
                        for each in command.arguments
                    ],
                )
                for command in COMMANDS
            ],
        )
    ]


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m airflow_provider_userattrs``."""
    parser = argparse.ArgumentParser(prog="python -m airflow_provider_userattrs", description=f"{HELP}.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        of_command = commands.add_parser(command.name, help=command.help, description=command.description)
        for each in command.arguments:
            of_command.add_argument(*each.flags, **each.options)
        of_command.set_defaults(func=command)
    return parser

# SPDX-License-Identifier: Apache-2.0
"""Run the sandbox: ``python -m airflow_provider_userattrs.sandbox --port 8765``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address

from .vendor import listed
from .vendors import VENDORS
from .welcome import welcome
from .world import World

DEFAULT_PORT = 8765


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("must be 0 to 65535")
    return int(text)


def _address(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise argparse.ArgumentTypeError("must be an IPv4 address, such as 0.0.0.0") from None


def _wait_for_signal() -> None:
    threading.Event().wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_userattrs.sandbox",
        description=f"{listed(VENDORS)}, imitated on 127.0.0.1.",
        epilog=welcome(VENDORS, f"http://127.0.0.1:{DEFAULT_PORT}"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="TCP port; 0 picks a free one (default %(default)s)"
    )
    parser.add_argument("--empty", action="store_true", help="start with no users")
    parser.add_argument("--host", type=_address, default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="needed with a --host that other machines reach: whoever does sees all users, without credentials",
    )
    parser.add_argument(
        "--name", action="append", default=[], help="a host name to answer under, besides addresses and localhost"
    )
    options = parser.parse_args(arguments)
    try:
        from .server import is_remote, serve
    except ImportError as missing:
        print(missing, file=sys.stderr)
        return 1
    if is_remote(options.host) and not options.allow_remote:
        parser.error(
            f"other machines reach {options.host}, and whoever does sees all users; add --allow-remote if that is meant"
        )
    # SIGTERM ends the process as Ctrl-C does: by an exception, so that the server is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        world = World(populated=not options.empty)
        remote = {"host": options.host, "allow_remote": options.allow_remote, "names": options.name}
        with serve(options.port, world, **remote) as sandbox:
            print(f"Sandbox on {sandbox.url}\n")
            print(welcome(VENDORS, sandbox.url, populated=not options.empty))
            print("\nThe address shows users and requests in a browser. Ctrl-C ends it.", flush=True)
            _wait_for_signal()
    except OSError as problem:
        print(f"The sandbox cannot listen on port {options.port}: {problem.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Sandbox stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())

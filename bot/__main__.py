"""The command line: the operator's commands, and anybody's, which need no settings."""

import argparse
import asyncio
import getpass
import os
import sys
from importlib import import_module

from bot.app.arguments import Running, Start, claim_of, expected_of, parse_arguments
from bot.app.check import CheckOrder, check
from bot.app.leave import LeaveOrder, leave
from bot.app.watch import WatchOrder, watch
from bot.domain.errors import SettingsError, UpstreamError, UserError

_NOT_DONE = 1
_BAD_SETTINGS = 2
_EDGE_DOWN = 3

_RECURSION_LIMIT = 1_000
"""A library raises it to 100,000, where deeply nested JSON from an edge would end the process."""


def main() -> None:
    """Run a command; exits with 2 for wrong settings, 3 when an edge does not answer."""
    sys.setrecursionlimit(_RECURSION_LIMIT)
    arguments = parse_arguments()
    try:
        start = _ANYBODYS.get(arguments.command) or _operators(arguments.command)
        sys.exit(asyncio.run(start(arguments)))
    except UserError as error:
        sys.exit(_say(str(error), _NOT_DONE))
    except SettingsError as error:
        sys.exit(_say(str(error), _BAD_SETTINGS))
    except UpstreamError as error:
        sys.exit(_say(f"Cannot go on: {error}", _EDGE_DOWN))


def _operators(command: str) -> Start:
    """Loaded when wanted: the service takes seconds to load, and leaving needs none of it."""
    commands: dict[str, Start] = import_module("bot.app.operate").COMMANDS
    return commands[command]


def _watch(given: argparse.Namespace) -> Running:
    first, once = given.first, given.once
    return watch(WatchOrder(tuple(given.escrow), given.rpc, first, once=once, as_json=given.json))


def _check(given: argparse.Namespace) -> Running:
    return check(CheckOrder(given.escrow, given.rpc, expected_of(given), claim_of(given)))


def _exit(given: argparse.Namespace) -> Running:
    order = LeaveOrder(
        given.escrow,
        given.rpc,
        with_code=given.with_code,
        to=given.to,
        tokens=tuple(given.token),
        first=given.first,
        claim=claim_of(given),
        unasked=given.yes,
    )
    return leave(order, _ask_secret)


_ANYBODYS: dict[str, Start] = {"watch": _watch, "check": _check, "exit": _exit}


def _ask_secret(variable: str, question: str) -> str:
    """From the environment, or typed without an echo: never an argument, which shells keep."""
    try:
        return os.environ.get(variable) or getpass.getpass(f"{question}: ").strip()
    except EOFError:
        raise UserError(f"{variable} is not set, and nobody is here to ask.") from None


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    main()

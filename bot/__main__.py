"""The command line: `sei-trader local`, `sei-trader run`, `sei-trader deploy`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from typing import Any

from bot.app.deploy import deploy
from bot.app.run import prepare, run_local, run_real
from bot.domain.errors import SettingsError, UpstreamError
from bot.settings import (
    Problems,
    Settings,
    deploy_problems,
    load_settings,
    local_problems,
    real_problems,
)

_BAD_SETTINGS = 2
_EDGE_DOWN = 3

_RECURSION_LIMIT = 1_000
"""A library raises it to 100,000, where deeply nested JSON from an edge would end the process."""


Start = Callable[[Settings, argparse.Namespace], Coroutine[Any, Any, None]]


def main() -> None:
    """Run a command; exits with 2 for wrong settings, 3 when an edge does not answer."""
    sys.setrecursionlimit(_RECURSION_LIMIT)
    arguments = _parse()
    try:
        find_problems, start = _COMMANDS[arguments.command]
        settings = load_settings(find_problems)
        prepare(settings)
        asyncio.run(start(settings, arguments))
    except SettingsError as error:
        sys.exit(_say(str(error), _BAD_SETTINGS))
    except UpstreamError as error:
        sys.exit(_say(f"Cannot start: {error}", _EDGE_DOWN))


_COMMANDS: dict[str, tuple[Callable[[Settings], Problems], Start]] = {
    "local": (local_problems, lambda s, a: run_local(s, at_sei_pace=not a.instant)),
    "run": (real_problems, lambda s, _: run_real(s)),
    "deploy": (deploy_problems, lambda s, _: deploy(s)),
}


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sei-trader", description="Trade on Sei from Telegram.")
    parser.add_argument("--version", action="version", version=version("sei-trader"))
    commands = parser.add_subparsers(dest="command", required=True)
    local = commands.add_parser("local", help="everything on this machine, nothing to set up")
    local.add_argument(
        "--instant", action="store_true", help="mine at once instead of at Sei's pace"
    )
    commands.add_parser("run", help="with real edges; see the settings table in the README")
    commands.add_parser("deploy", help="deploy the contracts to SEI_NETWORK, record the addresses")
    return parser.parse_args()


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    main()

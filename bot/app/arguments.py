"""The command line's grammar."""

import argparse
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from bot.app.check import NO_EXIT_CODE, Expected
from bot.chain.escrow_facts import Claim
from bot.chain.genuine import Terms

Running = Coroutine[Any, Any, int | None]
"""A command under way; it ends with its exit code, None for 0."""

Start = Callable[[argparse.Namespace], Running]

_HASH_BYTES = 32
_INDEX_BITS = 96


def parse_arguments() -> argparse.Namespace:
    """What was typed; ends the process with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(prog="sei-trader", description="Trade on Sei from Telegram.")
    parser.add_argument("--version", action="version", version=version("sei-trader"))
    commands = parser.add_subparsers(dest="command", required=True)
    local = commands.add_parser("local", help="everything on this machine, nothing to set up")
    local.add_argument(
        "--instant", action="store_true", help="mine at once instead of at Sei's pace"
    )
    commands.add_parser("run", help="with real edges; see the settings table in the README")
    commands.add_parser("deploy", help="deploy the contracts to SEI_NETWORK, record the addresses")
    commands.add_parser("feeds", help="keep a test network's price feeds fresh")
    commands.add_parser("rotate-server", help="make PVT_KEY's account the server; see docs/keys.md")
    seed = commands.add_parser("rotate-seed", help="make a new ACTOR_SEED; see docs/keys.md")
    seed.add_argument("--leaked", action="store_true", help="retire every agent there is now")
    seed.add_argument("--out", type=Path, metavar="FILE", help="write the settings to a new file")
    _add_watch(commands.add_parser("watch", help="report what happens to escrows; needs no key"))
    _add_check(commands.add_parser("check", help="tell whether an address is a genuine escrow"))
    _add_exit(commands.add_parser("exit", help="take the money out without the bot"))
    return parser.parse_args()


def claim_of(arguments: argparse.Namespace) -> Claim | None:
    """What is said of an escrow that nobody has deployed; None where too little is said."""
    if arguments.orchestrator is None or arguments.owner is None:
        return None
    terms = Terms(arguments.owner, arguments.exit_hash or NO_EXIT_CODE, arguments.index or 0)
    return Claim(arguments.orchestrator, terms)


def expected_of(arguments: argparse.Namespace) -> Expected:
    """What an escrow is compared with: no more than was typed."""
    return Expected(arguments.owner, arguments.orchestrator, arguments.exit_hash, arguments.index)


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("escrow", nargs="+", type=_address, help="an escrow's address")
    _add_rpc(parser)
    parser.add_argument(
        "--from",
        dest="first",
        type=_block,
        metavar="BLOCK",
        help="where to begin; 2,000 blocks ago",
    )
    parser.add_argument("--once", action="store_true", help="end at the latest block")
    parser.add_argument("--json", action="store_true", help="one JSON object for each event")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("escrow", type=_address, help="the address to check")
    _add_rpc(parser)
    _add_claim(parser, "what it should be: compared, or needed where nothing is deployed yet")


def _add_exit(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "As the owner, or with the exit code. The paying account's key is taken from EXIT_KEY and "
        "the code from EXIT_CODE, or asked for; neither may be typed here, where it would be kept."
    )
    parser.add_argument("escrow", type=_address, help="the escrow's address")
    _add_rpc(parser)
    parser.add_argument("--with-code", action="store_true", help="use the exit code")
    parser.add_argument("--to", type=_address, help="where to, as the owner; the owner itself")
    parser.add_argument(
        "--token", action="append", default=[], type=_address, help="move this token too"
    )
    parser.add_argument(
        "--from",
        dest="first",
        type=_block,
        metavar="BLOCK",
        help="look for listed tokens from here",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before sending")
    _add_claim(parser, "for an escrow that is not deployed yet")


def _add_rpc(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rpc", required=True, metavar="URL", help="a node you trust")


def _add_claim(parser: argparse.ArgumentParser, title: str) -> None:
    about = parser.add_argument_group(title)
    about.add_argument("--owner", type=_address, help="its owner")
    about.add_argument(
        "--orchestrator", type=_address, help="the one its operator published, not the bot's word"
    )
    about.add_argument("--exit-hash", type=_hash, help="no exit code, where it is needed")
    about.add_argument("--index", type=_index, help="0, where it is needed")


def _address(text: str) -> str:
    if not is_address(text) or not text.startswith("0x"):
        raise argparse.ArgumentTypeError(f"{text!r} is no address: 0x and 40 digits")
    return to_checksum_address(text)


def _hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != _HASH_BYTES:
        raise argparse.ArgumentTypeError(f"{text!r} is no hash: 0x and 64 digits")
    return value


def _index(text: str) -> int:
    index = _block(text)
    if index >> _INDEX_BITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no index: it has {_INDEX_BITS} bits")
    return index


def _block(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)

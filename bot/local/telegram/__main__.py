"""The stand-in as a process of its own: `python -m bot.local.telegram --port 8081`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from bot.clock import SystemClock
from bot.local.telegram.stand_in import TelegramStandIn
from bot.serving import serve


def main() -> None:
    """Run until SIGINT or SIGTERM; prints the address once it can be used."""
    parser = argparse.ArgumentParser(prog="bot.local.telegram", description=__doc__)
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--token", default="42:LOCAL", help="the bot token to accept")
    parser.add_argument("--no-limits", action="store_true", help="never answer 429")
    parser.add_argument("--state", type=Path, help="keep the chats in this JSON file")
    options = parser.parse_args()
    asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stand_in = TelegramStandIn(
        options.token, SystemClock(), limits=not options.no_limits, state_file=options.state
    )
    async with stand_in:
        serving = await serve(stand_in.app, options.port)
        sys.stdout.write(f"chat page and Bot API: {serving.url} (token {options.token})\n")
        sys.stdout.flush()
        await stop.wait()
        stand_in.end_streams()
        await serving.stop()


if __name__ == "__main__":
    main()

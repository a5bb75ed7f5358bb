"""`python -m bot.local.gemini --port N`: the stand-in as a process of its own, for benchmarks."""

import argparse
import asyncio
import signal
import sys

from bot.local.gemini.server import GeminiStandIn
from bot.serving import served


async def _run(port: int, delay_s: float) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with served(GeminiStandIn(delay_s=delay_s).app, port) as serving:
        sys.stdout.write(f"{serving.url}\n")
        sys.stdout.flush()
        await ended.wait()


def main() -> None:
    """Serve until told to end; the first line printed is the address."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--delay-ms", type=int, default=0, help="time before every answer")
    options = parser.parse_args()
    asyncio.run(_run(options.port, options.delay_ms / 1000))


if __name__ == "__main__":
    main()

"""Processes of a run: started by us, watched by us, and ended by us whatever happens."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
_START_S = 120
_STOP_S = 10
_LINE_LIMIT = 2**20


@dataclass(frozen=True)
class Child:
    """A running process that talks in lines."""

    process: asyncio.subprocess.Process

    async def line(self, *words: str, within_s: float = _START_S) -> str:
        """The next line that holds one of `words` (any line without words)."""
        assert self.process.stdout
        seen: list[str] = []
        async with asyncio.timeout(within_s):
            while raw := await self.process.stdout.readline():
                text = raw.decode().strip()
                if not words or any(word in text for word in words):
                    return text
                seen.append(text)
        raise RuntimeError(f"the process ended before it said {words}: {seen[-5:]}")

    def tell(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{text}\n".encode())

    @property
    def cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    @property
    def resident_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 2**20


def clean_environment(**settings: str) -> Mapping[str, str]:
    """Ours without the product's settings, so that no real bot is touched; no proxies either."""
    ours = psutil.Process().environ()
    kept = {name: text for name, text in ours.items() if name.lower() not in Settings.model_fields}
    return kept | {"NO_PROXY": "127.0.0.1", "PYTHONPATH": str(ROOT)} | settings


@asynccontextmanager
async def running(
    *command: str, folder: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """Run a command in its own process group for the length of the block."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment or clean_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
        start_new_session=True,
    )
    try:
        yield Child(process)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_S):
            await process.communicate()
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

"""anvil as a child process that never outlives this one and keeps its state in a file."""

import asyncio
import atexit
import ctypes
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from web3.types import RPCEndpoint

from bot.chain.artifacts import NODE_MODULES
from bot.chain.deployer import connected
from bot.chain.networks import LOCAL_CHAIN_ID
from bot.domain.errors import SettingsError
from bot.local.chain.accounts import GENESIS_SEI

GAS_LIMIT = 12_500_000
"""Sei's, a block and a transaction."""

_SAVE_INTERVAL_S = 5
# With none kept, a read fails when a block is mined under it.
_STATES_KEPT = 64
# One move of the market maker has 90 kB of receipts, and the state is written whole every time.
_BLOCKS_KEPT = 128
_START_TIMEOUT_S = 20
_STOP_TIMEOUT_S = 10
_POLL_S = 0.01
_LOG_READ = 100_000
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")
_PR_SET_PDEATHSIG = 1
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}


class AnvilFailedError(SettingsError):
    """anvil ended, or did not answer, while starting; the text has its first words."""


@dataclass(frozen=True, slots=True)
class Anvil:
    """A running anvil. `stop` saves the state, and so does ending this process in any way."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def rpc_url(self) -> str:
        """HTTP JSON-RPC."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """WebSocket JSON-RPC, for subscriptions."""
        return f"ws://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Let it save and end; killed when it takes more than ten seconds."""
        await _end(self.process)


def find_binary() -> str:
    """The anvil to run: npm's for this platform, else the one on PATH.

    Raises:
        SettingsError: there is neither.
    """
    machine = _MACHINES.get(platform.machine(), platform.machine())
    ours = NODE_MODULES / "@foundry-rs" / f"anvil-{sys.platform}-{machine}" / "bin" / "anvil"
    found = str(ours) if ours.exists() else shutil.which("anvil")
    if found is None:
        raise SettingsError("the local chain needs anvil: run `make`, which installs it")
    return found


async def start_anvil(folder: Path | None = None, port: int = 0) -> Anvil:
    """Start anvil and wait until it listens.

    Args:
        folder: keeps `state.json` and `anvil.log`; None forgets everything at the end.
        port: 0 takes a free one.

    Raises:
        AnvilFailedError: it ended at once, as it does when the state is damaged or the port taken.
        SettingsError: no anvil is installed.
    """
    with _open_log(folder) as log:
        process = _spawn(find_binary(), _arguments(port, folder), log)
        try:
            anvil = Anvil(process, await _wait_for_port(process, log))
            await _hush(anvil)
        except BaseException:
            await _end(process)
            raise
        return anvil


def state_file(folder: Path) -> Path:
    """Where an anvil started with `folder` keeps its state."""
    return folder / "state.json"


def _arguments(port: int, folder: Path | None) -> Sequence[str]:
    arguments = [
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--chain-id", str(LOCAL_CHAIN_ID), "--gas-limit", str(GAS_LIMIT)),
        *("--balance", str(GENESIS_SEI), "--prune-history", str(_STATES_KEPT)),
        *("--transaction-block-keeper", str(_BLOCKS_KEPT)),
    ]
    if folder is not None:
        state = str(state_file(folder))
        arguments += ["--state", state, "--state-interval", str(_SAVE_INTERVAL_S)]
    return arguments


def _open_log(folder: Path | None) -> IO[bytes]:
    if folder is None:
        return TemporaryFile()
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "anvil.log").open("w+b")


def _spawn(binary: str, arguments: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    # A session of its own, so that Ctrl-C reaches us alone and we end it in order.
    process = subprocess.Popen(  # noqa: S603  our own binary, no shell
        [binary, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=_tie_to_parent() if sys.platform == "linux" else None,
    )
    atexit.register(process.terminate)
    return process


def _tie_to_parent() -> Callable[[], None]:
    """Have the kernel end the child when this process dies, even by SIGKILL."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return tie


async def _wait_for_port(process: subprocess.Popen[bytes], log: IO[bytes]) -> int:
    """The port it says it listens on; nobody else can have taken that one."""
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            while (said := _LISTENING.search(_read(log))) is None:
                if process.poll() is not None:
                    raise AnvilFailedError(f"anvil ended while starting: {_first_line(log)}")
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise AnvilFailedError(f"anvil did not listen within {_START_TIMEOUT_S} s") from None
    return int(said[1])


async def _hush(anvil: Anvil) -> None:
    """Stop it from logging every request, which would fill the disk."""
    async with connected(anvil.rpc_url) as w3:
        await w3.provider.make_request(RPCEndpoint("anvil_setLoggingEnabled"), [False])


async def _end(process: subprocess.Popen[bytes]) -> None:
    atexit.unregister(process.terminate)
    process.terminate()
    try:
        await asyncio.to_thread(process.wait, _STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        await asyncio.to_thread(process.wait)


def _read(log: IO[bytes]) -> bytes:
    return os.pread(log.fileno(), _LOG_READ, 0)


def _first_line(log: IO[bytes]) -> str:
    lines = _read(log).decode(errors="replace").strip().splitlines()
    return lines[0][:500] if lines else "it said nothing"

"""anvil as a child process that never outlives this one and keeps its state in a file."""

import asyncio
import atexit
import ctypes
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.chain.artifacts import NODE_MODULES
from bot.chain.networks import LOCAL_CHAIN_ID
from bot.domain.errors import SettingsError
from bot.local.chain.accounts import GENESIS_SEI

GAS_LIMIT = 12_500_000
"""Sei's, a block and a transaction."""

_SAVE_INTERVAL_S = 5
# With none kept, a read fails when a block is mined under it.
_STATES_KEPT = 64
_START_TIMEOUT_S = 20
_STOP_TIMEOUT_S = 10
_POLL_S = 0.01
_PORT_TRIES = 3
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
        atexit.unregister(self.process.terminate)
        self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, _STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)


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
    """Start anvil and wait until it answers.

    Args:
        folder: keeps `state.json` and `anvil.log`; None forgets everything at the end.
        port: 0 takes a free one.

    Raises:
        AnvilFailedError: it ended at once, as it does when the state is damaged.
        SettingsError: no anvil is installed.
    """
    binary = find_binary()
    tries = [_free_port() for _ in range(_PORT_TRIES)] if port == 0 else [port]
    for chosen in tries:
        process, log = _spawn(binary, chosen, folder)
        anvil = Anvil(process, chosen)
        try:
            await _wait_until_ready(anvil)
        except AnvilFailedError as error:
            words = _first_words(log)
            await anvil.stop()
            if "in use" not in words:
                raise AnvilFailedError(f"{error}: {words}") from None
        except BaseException:
            await anvil.stop()
            raise
        else:
            return anvil
    raise AnvilFailedError(f"in use already: port {tries[-1]}")


def state_file(folder: Path) -> Path:
    """Where an anvil started with `folder` keeps its state."""
    return folder / "state.json"


def _arguments(port: int, folder: Path | None) -> Sequence[str]:
    arguments = [
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--chain-id", str(LOCAL_CHAIN_ID), "--gas-limit", str(GAS_LIMIT)),
        *("--balance", str(GENESIS_SEI), "--prune-history", str(_STATES_KEPT), "--quiet"),
    ]
    if folder is not None:
        state = str(state_file(folder))
        arguments += ["--state", state, "--state-interval", str(_SAVE_INTERVAL_S)]
    return arguments


def _spawn(
    binary: str, port: int, folder: Path | None
) -> tuple[subprocess.Popen[bytes], Path | None]:
    log = None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "anvil.log"
    output: IO[bytes] | int = log.open("wb") if log else subprocess.DEVNULL
    # A session of its own, so that Ctrl-C reaches us alone and we end it in order.
    process = subprocess.Popen(  # noqa: S603  our own binary, no shell
        [binary, *_arguments(port, folder)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_tie_to_parent() if sys.platform == "linux" else None,
    )
    if not isinstance(output, int):
        output.close()
    atexit.register(process.terminate)
    return process, log


def _tie_to_parent() -> Callable[[], None]:
    """Have the kernel end the child when this process dies, even by SIGKILL."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return tie


async def _wait_until_ready(anvil: Anvil) -> None:
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            while not await _answers(anvil.port):
                if anvil.process.poll() is not None:
                    raise AnvilFailedError("anvil ended while starting")
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise AnvilFailedError(f"anvil did not answer within {_START_TIMEOUT_S} s") from None


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first_words(log: Path | None) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log else []
    return lines[0][:500] if lines else "it said nothing"

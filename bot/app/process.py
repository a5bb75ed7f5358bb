"""What commands share: the lock on the state folder, being asked to stop, saying something."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.domain.errors import SettingsError

PATIENCE_S = 20.0
"""How long a command waits for one answer of an RPC; the bot itself waits less."""

_READER_GONE = 128 + signal.SIGPIPE
"""What a shell says of a program whose reader has gone, as in `| head`."""


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the state folder: two processes on one would trade twice.

    Raises:
        SettingsError: another process holds it, or it cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("w")
    except OSError as error:
        raise SettingsError(f"DATA_DIR {data_dir} cannot be used: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError(
                f"DATA_DIR {data_dir} is in use by another Sei Trader; stop that one first"
            ) from None
        yield


def stop_event() -> asyncio.Event:
    """Set when the process is asked to stop, by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    return stopped


def say(text: str) -> None:
    """A line of the report to whoever started the command; ends it once nobody reads on."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would complain when the interpreter flushes it at the end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        sys.exit(_READER_GONE)

"""What a command says, and who listens."""

import subprocess
import sys

from bot.chain.artifacts import REPOSITORY

_TALK = """
import asyncio
from bot.app.process import say
async def talk():
    while True:
        say("x" * 1_000)
asyncio.run(talk())
"""


def test_a_command_ends_quietly_when_its_reader_has_gone() -> None:
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", _TALK],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 141

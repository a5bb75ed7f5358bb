"""Commands of a documentation page, run as they stand there."""

import asyncio
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from bot.chain.artifacts import REPOSITORY

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_MACHINE = _MACHINES.get(platform.machine(), platform.machine())
CAST = (
    REPOSITORY
    / "contracts/proofs/node_modules/@foundry-rs"
    / f"cast-{sys.platform}-{_MACHINE}/bin/cast"
)

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_BLANK = re.compile(r"^export (\w+)=\S*\.\.\.$", re.MULTILINE)
_QUESTION = re.compile(rb"(private key|exit code|type yes)[^\n]*: ?\r?\n?$", re.IGNORECASE)
_PATIENCE_S = 120


def sections(page: Path) -> dict[str, list[str]]:
    """The shell commands of a page by the heading they stand under; "" is before the first."""
    text = page.read_text(encoding="utf-8")
    parts = ["", *re.split(r"^## (.+)$", text, flags=re.MULTILINE)]
    return {
        title: [dedent(block) for _, block in _BLOCK.findall(text)]
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


@dataclass
class Terminal:
    """One person's terminal: variables last, questions are answered on a tty as a person would.

    `settings` are its environment, `values` fill the blanks (`export NAME=...`); `answers` are
    typed, by words of the question.
    """

    folder: Path
    values: dict[str, str]
    answers: dict[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = REPOSITORY

    async def run(self, block: str, ends_with: int = 0) -> str:
        """Run a block to its end; what was on the screen. It fails the test to end otherwise."""
        filled = _BLANK.sub(lambda blank: f"export {blank[1]}={self.values[blank[1]]}", block)
        state = self.folder / "state"
        script = f"[ -e {state} ] && . {state}\n{filled}\nset +u\nexport CODE\nexport -p > {state}"
        code, screen = await self._on_a_tty(["bash", "-euo", "pipefail", "-c", script])
        assert code == ends_with, f"{filled}\n{screen}"
        return screen

    async def run_all(self, blocks: Sequence[str]) -> str:
        return "".join([await self.run(block) for block in blocks])

    async def _on_a_tty(self, command: Sequence[str]) -> tuple[int, str]:
        ours, theirs = os.openpty()
        process = await asyncio.create_subprocess_exec(
            *("setsid", "--ctty", "--wait", *command),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self._environment(),
            cwd=self.cwd,
        )
        os.close(theirs)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                screen = await asyncio.to_thread(self._talk, ours)
                return await process.wait(), screen
        finally:
            os.close(ours)

    def _talk(self, tty: int) -> str:
        screen, asked_at = b"", 0
        while True:
            try:
                screen += os.read(tty, 65_536)
            except OSError:  # the other end is closed
                return screen.decode().replace("\r\n", "\n")
            question = _QUESTION.search(screen, asked_at)
            if question:
                asked_at = question.end()
                os.write(tty, f"{self._answer(question[1].decode())}\n".encode())

    def _answer(self, question: str) -> str:
        return self.answers[question.lower()]

    def _environment(self) -> Mapping[str, str]:
        path = [str(CAST.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
        kept = {n: v for n, v in os.environ.items() if n not in ("EXIT_KEY", "EXIT_CODE")}
        return {
            **kept,
            "PATH": ":".join(path),
            "HOME": str(self.folder),
            "NO_COLOR": "1",
            **self.settings,
        }

"""Where things are, and how a proof's command is run."""

import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROOFS = ROOT / "contracts" / "proofs"
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Ran:
    """How a command went; `output` holds what it said on both streams."""

    code: int
    output: str
    seconds: float


def tool(name: str) -> Path:
    """`forge` or `cast` of this platform, as `npm ci` installed it beside the proofs."""
    kind = f"{name}-{platform.system().lower()}-{_MACHINES[platform.machine()]}"
    return PROOFS / "node_modules" / "@foundry-rs" / kind / "bin" / name


def with_forge(command: Sequence[str | Path]) -> list[str | Path]:
    """The same command, with forge and its own neighbours (solvers, say) first on the path."""
    folders = f"{tool('forge').parent}:{Path(command[0]).parent}"
    return ["sh", "-c", 'PATH="$0:$PATH" exec "$@"', folders, *command]


def run(command: Sequence[str | Path], folder: Path, **env: str) -> Ran:
    """Run a command with some more environment; it has failed when its code is not zero."""
    started = time.monotonic()
    done = subprocess.run(
        [*_with(env), *map(str, command)],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Ran(done.returncode, done.stdout, time.monotonic() - started)


def _with(env: Mapping[str, str]) -> list[str]:
    return ["env", *(f"{name}={value}" for name, value in env.items())]

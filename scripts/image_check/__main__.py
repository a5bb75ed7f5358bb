"""The whole check, step by step; the first failure ends it."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.image_check.recipe import Stage, read_dockerfile
from scripts.image_check.roots import BASES, build
from scripts.image_check.trial import Trial, stand_ins

_PROJECT = Path(__file__).parents[2]
_DIFFERENT = """
What an engine would do otherwise: {bases}.
VOLUME, EXPOSE, STOPSIGNAL and the health check's timing are not used; the network is the host's.
Size of the root: {size}, of which /venv is {venv} and /app {app}; Debian's part is the base's."""


def main() -> None:
    """Build in ./build/image-check, then try what was built."""
    if os.geteuid() or not shutil.which("debootstrap"):
        sys.exit("the image check needs root and debootstrap; or else: docker build .")
    folder = _PROJECT / "build" / "image-check"
    folder.mkdir(parents=True, exist_ok=True)
    stages = read_dockerfile((_PROJECT / "Dockerfile").read_text())
    root = build(stages, _PROJECT, folder)
    trial = Trial(stages[-1], root)
    trial.check_still()
    asyncio.run(_try_running(trial, root))
    print(_DIFFERENT.format(bases=_bases(stages), **_sizes(root)))


async def _try_running(trial: Trial, root: Path) -> None:
    with tempfile.TemporaryDirectory() as state:
        async with stand_ins(Path(state), root / "data") as env:
            await trial.check_running(env)


def _bases(stages: list[Stage]) -> str:
    pairs = {f"{stage.base} is Debian {BASES[stage.base][0]} by debootstrap" for stage in stages}
    return ", ".join(sorted(pairs)) + " with Debian's Python"


def _sizes(root: Path) -> dict[str, str]:
    paths = {"size": root, "venv": root / "venv", "app": root / "app"}
    return {
        name: subprocess.run(
            ["du", "-sh", str(path)], check=True, capture_output=True, text=True
        ).stdout.split()[0]
        for name, path in paths.items()
    }


if __name__ == "__main__":
    main()

"""Starts what was built, with the stand-ins of local mode for its edges."""

import asyncio
import os
import re
import secrets
import shlex
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app.edges import deployment_path
from bot.app.run import local_service
from bot.clock import SystemClock
from bot.local.gemini.server import GeminiStandIn
from bot.local.telegram.stand_in import TelegramStandIn
from bot.serving import served
from bot.settings import Settings
from scripts.image_check.recipe import Stage
from scripts.image_check.roots import inside

_PATIENCE_S = 60
_USER_ID = 10001


class Trial:
    """Runs commands in the image's root, as its user, in its environment."""

    def __init__(self, image: Stage, root: Path) -> None:
        self.image = image
        self.root = root

    def line(self, command: str, **more: str) -> list[str]:
        """The command line, `more` being what `docker run -e` would set."""
        env = self.image.env | more
        return inside(self.root, command, env, workdir=self.image.workdir, user=self.image.user)

    def expect(self, what: str, command: str, *, code: int = 0, says: str = "") -> None:
        """Run a command and compare its exit code and words."""
        done = subprocess.run(self.line(command), check=False, capture_output=True, text=True)
        told = done.stdout + done.stderr
        if done.returncode != code or not re.search(says, told):
            raise SystemExit(f"{what}: exit code {done.returncode}\n{told}")
        print(f"ok: {what}", flush=True)

    def check_still(self) -> None:
        """All that needs no edge."""
        start = shlex.join(self.image.command)
        self.expect("does not run as root", "id -u", says=f"^{_USER_ID}$")
        self.expect("cannot change its code", "! touch /app/bot/x /venv/x 2>/dev/null")
        self.expect("can write its state", "touch /data/x && rm /data/x")
        self.expect("has no installer", "! python -c 'import pip' 2>/dev/null")
        self.expect("knows its version", f"{self.image.command[0]} --version", says=r"\d+\.\d+")
        self.expect("lists all that is missing", start, code=2, says="(?s)TG_BOT_TOKEN.*PVT_KEY")
        draw = "from bot.chat.pictures.qr import render_qr as r; print(r('x')[1:4])"
        self.expect("draws pictures", f'python -c "{draw}"', says="PNG")

    async def check_running(self, env: Mapping[str, str]) -> None:
        """Start it, wait until its own health check passes, stop it."""
        process = await asyncio.create_subprocess_exec(
            *self.line(f"exec {shlex.join(self.image.command)}", **env)
        )
        try:
            await self._wait_healthy(process, env)
            print("ok: its health check passes with every edge up", flush=True)
            process.terminate()
            code = await asyncio.wait_for(process.wait(), _PATIENCE_S)
        finally:
            if process.returncode is None:
                process.kill()
        if code:
            raise SystemExit(f"ended with {code} on SIGTERM")
        print("ok: ends with 0 on SIGTERM", flush=True)

    async def _wait_healthy(
        self, process: asyncio.subprocess.Process, env: Mapping[str, str]
    ) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while process.returncode is None:
                check = await asyncio.create_subprocess_exec(
                    *self.line(self.image.health, **env), stderr=subprocess.DEVNULL
                )
                if await check.wait() == 0:
                    return
                await asyncio.sleep(1)
        raise SystemExit(f"ended with {process.returncode} instead of starting")


@asynccontextmanager
async def stand_ins(state: Path, image_data: Path) -> AsyncIterator[dict[str, str]]:
    """Edges for the image: what its settings must be. The deployment goes to its state folder."""
    token = f"1000001:{secrets.token_hex(18)[:35]}"
    key, seed = secrets.token_hex(32), secrets.token_hex(32)
    settings = Settings(_env_file=None, data_dir=state, port=0, pvt_key=key, actor_seed=seed)
    telegram = TelegramStandIn(token, SystemClock())
    async with (
        telegram,
        served(telegram.app) as door,
        served(GeminiStandIn().app) as gemini,
        local_service(settings) as local,
    ):
        path = image_data / deployment_path(settings).relative_to(state)
        path.parent.mkdir(parents=True, exist_ok=True)
        local.edges.deployment.save(path)
        for part in (path, path.parent):
            os.chown(part, _USER_ID, -1)
        yield {
            "TG_BOT_TOKEN": token,
            "TG_API_URL": door.url,
            "GOOGLE_API_KEY": "stand-in",
            "GOOGLE_API_URL": gemini.url,
            "COINGECKO_API_URL": local.edges.market_url,
            "SEI_NETWORK": "local",
            "SEI_RPC_URL": local.edges.rpc_url,
            "PVT_KEY": key,
            "ACTOR_SEED": seed,
            "ENVIRONMENT": "development",
            "PORT": str(_free_port()),
        }
        telegram.end_streams()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

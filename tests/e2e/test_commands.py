"""The command line as an operator meets it: processes, exit codes, words."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from eth_account import Account
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.clock import SystemClock
from bot.local.chain.accounts import DEPLOYER_KEY, TEST_WALLET
from bot.local.chain.anvil import Anvil, start_anvil
from bot.local.market.standin import MarketStandIn
from bot.local.telegram.stand_in import TelegramStandIn
from bot.serving import served

TOKEN = "1:commands-test"
OURS = (
    "TG_",
    "GOOGLE_",
    "GEMINI_",
    "COINGECKO_",
    "SEI_",
    "PVT_",
    "ACTOR_",
    "DEPLOYER_",
    "GUARDIAN_",
)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {"DATA_DIR": str(folder)} | settings


async def run(*arguments: str, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run a command to its end; its exit code and everything it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env=env | {"PYTHONPATH": os.getcwd()},
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_run_lists_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    code, said = await run("run", cwd=tmp_path, env=environment(tmp_path))
    assert code == 2
    for name in ("TG_BOT_TOKEN", "GOOGLE_API_KEY", "PVT_KEY", "ACTOR_SEED", "SEI_NETWORK"):
        assert name in said
    assert "Traceback" not in said


async def test_bad_settings_are_listed_at_once_without_their_values(tmp_path: Path) -> None:
    bad = {
        "PVT_KEY": "0xnot-a-key",
        "ACTOR_SEED": "short-seed",
        "PORT": "seventy",
        "SEI_NETWORK": "moon",
        "TG_BOT_TOKEN": "nonsense-token",
        "SEI_RPC_URL": "ftp://somewhere",
        "ADMIN_IDS": "ada",
    }
    code, said = await run("run", cwd=tmp_path, env=environment(tmp_path, **bad))
    assert code == 2
    for name in bad:
        assert name in said
    for secret in ("not-a-key", "short-seed", "nonsense-token"):
        assert secret not in said


async def test_production_has_no_stand_ins(tmp_path: Path) -> None:
    env = environment(tmp_path, ENVIRONMENT="production")
    code, said = await run("local", cwd=tmp_path, env=env)
    assert code == 2
    assert "production" in said
    code, said = await run("run", cwd=tmp_path, env=env | {"SEI_RPC_URL": "http://127.0.0.1:1"})
    assert code == 2
    assert "SEI_NETWORK is local" in said
    assert "PUBLIC_URL" in said


@asynccontextmanager
async def edges() -> AsyncIterator[tuple[Anvil, dict[str, str]]]:
    """A bare chain, a market and a Telegram; the settings that point to them."""
    clock = SystemClock()
    telegram = TelegramStandIn(TOKEN, clock, limits=False)
    app = Starlette(
        routes=[
            Mount("/market", app=MarketStandIn(clock).app),
            Mount("/telegram", app=telegram.app),
        ]
    )
    anvil = await start_anvil()
    async with telegram, served(app) as serving:
        try:
            yield (
                anvil,
                {
                    "TG_BOT_TOKEN": TOKEN,
                    "TG_API_URL": f"{serving.url}/telegram",
                    "GOOGLE_API_KEY": "key",
                    "COINGECKO_API_URL": f"{serving.url}/market",
                    "SEI_RPC_URL": anvil.rpc_url,
                    "PVT_KEY": secrets.token_hex(32),
                    "ACTOR_SEED": secrets.token_hex(32),
                    "PORT": "0",
                },
            )
        finally:
            telegram.end_streams()
            await anvil.stop()


async def test_deploy_then_run_then_a_second_one_is_refused(tmp_path: Path) -> None:
    async with edges() as (_, settings):
        env = environment(tmp_path, **settings)
        code, said = await run("run", cwd=tmp_path, env=env)
        assert code == 2
        assert "sei-trader deploy" in said, "nothing is deployed yet"

        same = env | {"DEPLOYER_KEY": settings["PVT_KEY"]}
        code, said = await run("deploy", cwd=tmp_path, env=same)
        assert code == 2
        assert "the same" in said

        server = Account.from_key(settings["PVT_KEY"]).address
        own = env | {"DEPLOYER_KEY": DEPLOYER_KEY, "GUARDIAN_ADDRESS": server}
        code, said = await run("deploy", cwd=tmp_path, env=own)
        assert code == 2
        assert "GUARDIAN_ADDRESS" in said

        guarded = own | {"GUARDIAN_ADDRESS": TEST_WALLET.lower()}
        code, said = await run("deploy", cwd=tmp_path, env=guarded)
        assert code == 0, said
        assert "transferOwnership" in said
        assert "no guardian" not in said
        record = json.loads((tmp_path / "deployments" / "local.json").read_text())
        assert (record["server"], record["guardian"]) == (server, TEST_WALLET)
        _edit_record(tmp_path, digest="other contracts")
        code, said = await run("deploy", cwd=tmp_path, env=guarded)
        assert code == 2
        assert "other contracts" in said
        _edit_record(tmp_path, digest=record["digest"])

        other = env | {"SEI_NETWORK": "atlantic-2", "DEPLOYER_KEY": DEPLOYER_KEY}
        code, said = await run("deploy", cwd=tmp_path, env=other)
        assert code == 2
        assert "31337" in said
        assert "1328" in said

        code, said = await run("run", cwd=tmp_path, env=env | {"TG_BOT_TOKEN": "2:another"})
        assert code == 2
        assert "TG_BOT_TOKEN is refused" in said
        assert "2:another" not in said

        with free_port() as port:
            env["PORT"] = str(port)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=env, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout
            async with asyncio.timeout(60):
                while b"Ready" not in await process.stdout.readline():
                    assert process.returncode is None
            async with httpx.AsyncClient(trust_env=False) as client:
                health = await client.get(f"http://127.0.0.1:{port}/health")
                assert health.status_code == 200
                terms = await client.get(f"http://127.0.0.1:{port}/tnc")
                assert "Terms" in terms.text
            code, said = await run("run", cwd=tmp_path, env=env)
            assert code == 2
            assert "in use" in said
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                assert await process.wait() == 0


def _edit_record(folder: Path, **changes: str) -> None:
    file = folder / "deployments" / "local.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@contextlib.contextmanager
def free_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


async def test_the_help_names_every_command(tmp_path: Path) -> None:
    code, said = await run("--help", cwd=tmp_path, env=environment(tmp_path))
    assert code == 0
    operators = ("local", "run", "deploy", "feeds", "rotate-server", "rotate-seed")
    for name in (*operators, "watch", "check", "exit"):
        assert name in said

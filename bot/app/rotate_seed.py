"""`sei-trader rotate-seed`: a new ACTOR_SEED for agents opened from now on. Stop the bot first.

An actor's key follows from its seed for good: old agents go on under the old seed, or, where that
has leaked, they are retired.
"""

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import db
from bot.app.edges import deployment_path
from bot.app.keys import keys_of, local_keys
from bot.app.process import alone, say
from bot.chain.deployment import Deployment
from bot.chain.signer import Signer
from bot.clock import SystemClock
from bot.domain.errors import SettingsError
from bot.services.retire_actors import RetireActors
from bot.settings import NetworkName, Settings

_BYTES = 32
_PLAIN = re.compile(r"[A-Za-z0-9:,_.-]*")


async def rotate_seed(settings: Settings, *, leaked: bool, out: Path | None) -> int:
    """Print the settings to change, or write them to a new file that only its owner can read.

    Nothing changes before they are set. With `leaked` every agent there is now is retired at once.

    Raises:
        SettingsError: there is no seed to rotate, the bot is running, or the file exists.
    """
    _check_free(out)
    with alone(settings.data_dir):
        seeds, server = _present(settings)
        version = max(seeds)
        lines = _lines(version + 1, {} if leaked else seeds)
        if leaked:
            await _retire(settings, server, version + 1)
        else:
            await _tell_kept(settings, version + 1)
        _hand_over(lines, out)
    say("Nothing changes before these are set where the bot runs, in place of the old ones.")
    if leaked:
        say(
            "The leaked seed is not among them, so the bot signs nothing for retired agents. Keep "
            "it offline: it is the only way to the gas left in their accounts."
        )
    return 0


def _check_free(out: Path | None) -> None:
    if out is not None and out.exists():
        raise SettingsError(f"{out} is there already: name a new file")


def _present(settings: Settings) -> tuple[Mapping[int, str], str]:
    """Seeds by version, and the server's account."""
    if settings.actor_seed is not None and settings.pvt_key is not None:
        keys = keys_of(settings)
    elif settings.sei_network is NetworkName.LOCAL and settings.sei_rpc_url is None:
        keys = local_keys(settings)
    else:
        raise SettingsError("ACTOR_SEED and PVT_KEY, as the bot runs with, are needed here")
    seeds = {version: seed.decode() for version, seed in keys.seeds.items()}
    return seeds, Signer(keys.server, keys.seeds).server


async def _retire(settings: Settings, server: str, below: int) -> None:
    path = deployment_path(settings)
    if path.exists() and (recorded := Deployment.load(path).server) != server:
        raise SettingsError(
            f"PVT_KEY is not the key of {recorded}, the recorded server, who drops mandates: "
            "`sei-trader rotate-server` first"
        )
    database = await db.open(settings.database, SystemClock())
    try:
        retire = RetireActors(
            SystemClock(), database.agents, database.journal, database.outbox, server
        )
        retired = await retire.retire(below)
    finally:
        await database.close()
    say(
        f"Retired {_count(len(retired))}. When the bot starts next, their mandates are dropped on "
        "the chain and their owners told: start it soon. Until then the guardian can pause trading."
    )


async def _tell_kept(settings: Settings, below: int) -> None:
    books = settings.data_dir / "bot.db"
    if settings.database_url is None and not books.exists():
        return
    database = await db.open(settings.database, SystemClock())
    try:
        live = await database.agents.load_live()
    finally:
        await database.close()
    kept = sum(agent.seed_version < below for agent in live)
    say(f"Under the seeds they were opened with {_count(kept)} can go on: ACTOR_SEED_OLD has them.")


def _lines(version: int, old: Mapping[int, str]) -> Sequence[str]:
    lines = [f"ACTOR_SEED={secrets.token_hex(_BYTES)}", f"ACTOR_SEED_VERSION={version}"]
    kept = ",".join(f"{number}:{seed}" for number, seed in sorted(old.items()))
    return [*lines, f"ACTOR_SEED_OLD={_quoted(kept)}"]


def _quoted(value: str) -> str:
    """As a `.env` file takes it."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _hand_over(lines: Sequence[str], out: Path | None) -> None:
    text = "\n".join([*lines, ""])
    if out is None:
        say(text)
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingsError(f"{out} cannot be made: {error.strerror}") from error
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
    say(f"ACTOR_SEED, ACTOR_SEED_VERSION and ACTOR_SEED_OLD are in {out}, for its owner only.")


def _count(agents: int) -> str:
    return "1 agent" if agents == 1 else f"{agents} agents"

"""Keys of local mode: generated once, kept in the data folder, worthless elsewhere."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.settings import Settings

_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """The server's key, and by version the seeds actors' keys are derived from. Never shown."""

    server: bytes = field(repr=False)
    seeds: Mapping[int, bytes] = field(repr=False)


def keys_of(settings: Settings) -> Keys:
    """The keys as configured; both must be set."""
    if settings.pvt_key is None or settings.actor_seed is None:
        raise LookupError("keys are checked before they are used")
    return Keys(
        bytes.fromhex(settings.pvt_key.get_secret_value().removeprefix("0x")),
        _seeds(settings, settings.actor_seed.get_secret_value()),
    )


def local_keys(settings: Settings) -> Keys:
    """The configured keys, and generated ones for those that are not set."""
    path = settings.data_dir / "local-keys.json"
    made = _load_or_make(path)
    key, seed = settings.pvt_key, settings.actor_seed
    return Keys(
        bytes.fromhex((key.get_secret_value() if key else made["pvt_key"]).removeprefix("0x")),
        _seeds(settings, seed.get_secret_value() if seed else made["actor_seed"]),
    )


def _seeds(settings: Settings, current: str) -> dict[int, bytes]:
    seeds = {**settings.old_seeds, settings.actor_seed_version: current}
    return {version: seed.encode() for version, seed in seeds.items()}


def _load_or_make(path: Path) -> dict[str, str]:
    if path.exists():
        try:
            loaded: dict[str, str] = json.loads(path.read_text())
        except ValueError:
            raise SettingsError(
                f"{path} is damaged. Without its keys this local chain is lost: delete the state "
                "folder to begin anew."
            ) from None
        return loaded
    made = {"pvt_key": secrets.token_hex(_BYTES), "actor_seed": secrets.token_hex(_BYTES)}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(made))
    draft.replace(path)
    return made

"""Every edge to the outside is one setting. Read once, at start, and checked all together."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.errors import SettingsError

_KEY_BYTES = 32
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_PRIVATE_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_DATABASE = re.compile(r"(sqlite|postgres(ql)?)(\+[a-z0-9]+)?://")
_NEXT_SEED = re.compile(r",(?=[0-9]+:)")
_BOT_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
TELEGRAM_API = "https://api.telegram.org"
COINGECKO_API = "https://api.coingecko.com/api/v3"


class Environment(StrEnum):
    """`production` refuses the local network and logs JSON."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class NetworkName(StrEnum):
    """Where trades run."""

    LOCAL = "local"
    ATLANTIC_2 = "atlantic-2"
    PACIFIC_1 = "pacific-1"


def _split_ids(value: object) -> object:
    if isinstance(value, str):
        return frozenset(part.strip() for part in value.split(",") if part.strip())
    return value


AdminIds = Annotated[frozenset[int], NoDecode, BeforeValidator(_split_ids)]


class Settings(BaseSettings):
    """The settings table of the README. Empty strings count as unset."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    tg_bot_token: SecretStr | None = Field(None, description="bot token from @BotFather")
    tg_api_url: str | None = Field(None, description="Bot API base")
    google_api_key: SecretStr | None = Field(None, description="Gemini key: the analyst")
    google_api_url: str | None = Field(None, description="Gemini API base")
    gemini_model: str = Field("gemini-3.8-flash", description="model for decisions")
    gemini_fast_model: str = Field(
        "gemini-3.5-flash-lite", description="model for guard and ticker"
    )
    coingecko_api_key: SecretStr | None = Field(None, description="market data key, optional")
    coingecko_api_url: str | None = Field(None, description="market data base")
    coingecko_rate_per_min: int = Field(30, ge=1, le=10_000, description="market data calls")
    sei_network: NetworkName = Field(NetworkName.LOCAL, description="where trades run")
    sei_rpc_url: str | None = Field(None, description="the chain's RPC")
    pvt_key: SecretStr | None = Field(None, description="the server's key: opens agents")
    actor_seed: SecretStr | None = Field(None, description="secret the actors' keys come from")
    actor_seed_version: int = Field(
        1, ge=1, lt=1 << 32, description="counts ACTOR_SEED's rotations"
    )
    actor_seed_old: SecretStr | None = Field(
        None, description="earlier seeds, as `rotate-seed` writes them"
    )
    deployer_key: SecretStr | None = Field(
        None,
        description="used by `deploy` and `rotate-server` only: the admin's key; keep it elsewhere",
    )
    guardian_address: str | None = Field(
        None, description="used by `deploy` only: account that may pause trading, optional"
    )
    database_url: SecretStr | None = Field(None, description="SQLAlchemy URL of the database")
    data_dir: Path = Field(Path("data"), description="state folder")
    port: int = Field(8080, ge=0, le=65_535, description="HTTP door")
    public_url: str | None = Field(None, description="the HTTP door as users reach it")
    admin_ids: AdminIds = Field(frozenset(), description="Telegram ids of admins")
    environment: Environment = Field(
        Environment.DEVELOPMENT, description="development or production"
    )

    @field_validator(
        "tg_api_url", "google_api_url", "coingecko_api_url", "sei_rpc_url", "public_url"
    )
    @classmethod
    def _check_url(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
            raise ValueError("must be an http:// or https:// address")
        return value.rstrip("/") if value else value

    @field_validator("tg_bot_token")
    @classmethod
    def _check_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _BOT_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("must look like 123456:ABC..., as @BotFather gives it")
        return value

    @field_validator("pvt_key", "deployer_key")
    @classmethod
    def _check_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _PRIVATE_KEY.fullmatch(value.get_secret_value()):
            raise ValueError("must be 32 bytes in hexadecimal, a private key")
        return value

    @field_validator("guardian_address")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError("must be an account's address, 0x and 40 hexadecimal digits")
        return value

    @field_validator("actor_seed")
    @classmethod
    def _check_seed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < _KEY_BYTES:
            raise ValueError(f"must have at least {_KEY_BYTES} bytes")
        return value

    @field_validator("actor_seed_old")
    @classmethod
    def _check_old_seeds(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            parse_old_seeds(value.get_secret_value(), info.data.get("actor_seed_version", 1))
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _DATABASE.match(value.get_secret_value()):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @property
    def database(self) -> str:
        """The database's URL, SQLite in the data folder by default."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'bot.db'}"

    @property
    def old_seeds(self) -> Mapping[int, str]:
        """Earlier ACTOR_SEEDs by version."""
        if self.actor_seed_old is None:
            return {}
        return parse_old_seeds(self.actor_seed_old.get_secret_value(), self.actor_seed_version)

    def secrets(self) -> list[str]:
        """The values that no log may show."""
        values = [getattr(self, name) for name in type(self).model_fields]
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        return [*secrets, *self.old_seeds.values()]

    @property
    def public(self) -> str:
        """The HTTP door as users reach it."""
        return self.public_url or f"http://127.0.0.1:{self.port}"


def parse_old_seeds(text: str, current: int) -> dict[int, str]:
    """Seeds by version from `1:seed,2:seed`; a seed may hold commas and colons of its own.

    Raises:
        ValueError: it is not of that form, or a version is not below the current one.
    """
    seeds: dict[int, str] = {}
    for part in _NEXT_SEED.split(text):
        number, colon, seed = part.partition(":")
        if not colon or not number.isdecimal() or len(seed.encode()) < _KEY_BYTES:
            raise ValueError(f"must be like 1:seed,2:seed, each of at least {_KEY_BYTES} bytes")
        if not 0 < int(number) < current or int(number) in seeds:
            raise ValueError("must have versions below ACTOR_SEED_VERSION, each once")
        seeds[int(number)] = seed
    return seeds


Problems = dict[str, str]
"""What is wrong, by setting."""


def no_problems(_: Settings) -> Problems:
    """Every setting may stay unset."""
    return {}


def load_settings(find_problems: Callable[[Settings], Problems] = no_problems) -> Settings:
    """Read the environment and `.env`.

    Args:
        find_problems: what a command needs beyond each setting being well-formed.

    Raises:
        SettingsError: listing every bad and every missing setting at once, what each is for, and
            none of their values.
    """
    problems: Problems = {}
    try:
        settings = Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0])
            problems.setdefault(name, problem["msg"].removeprefix("Value error, "))
        defaults = {name: Settings.model_fields[name].default for name in problems}
        settings = Settings(**defaults)
    for name, text in find_problems(settings).items():
        problems.setdefault(name, text)
    if problems:
        lines = [f"  {name.upper()} ({purpose(name)}): {text}" for name, text in problems.items()]
        raise SettingsError("\n".join(["Sei Trader cannot start:", *lines]))
    return settings


def real_problems(settings: Settings) -> Problems:
    """What `sei-trader run` lacks."""
    problems = _missing(settings, "tg_bot_token", "google_api_key", "pvt_key", "actor_seed")
    if settings.sei_network is NetworkName.LOCAL and settings.sei_rpc_url is None:
        problems["sei_network"] = (
            "is local, which has no chain of its own here: name atlantic-2 or pacific-1, or the "
            "RPC of a local chain in SEI_RPC_URL"
        )
    if settings.environment is Environment.PRODUCTION:
        if settings.sei_network is NetworkName.LOCAL:
            problems["sei_network"] = "SEI_NETWORK is local, and ENVIRONMENT is production"
        problems |= _missing(settings, "public_url")
    return problems


def local_problems(settings: Settings) -> Problems:
    """What `sei-trader local` refuses: production, and a real chain with anything generated."""
    if settings.environment is Environment.PRODUCTION:
        return {"environment": "is production, where nothing is a stand-in: use `sei-trader run`"}
    if settings.sei_network is not NetworkName.LOCAL:
        return _missing(settings, "tg_bot_token", "pvt_key", "actor_seed")
    if settings.tg_api_url and settings.tg_bot_token is None:
        return {"tg_bot_token": "is missing, but TG_API_URL is set"}
    return {}


def deploy_problems(settings: Settings) -> Problems:
    """What `sei-trader deploy` lacks."""
    return _missing(settings, "pvt_key", "deployer_key")


def feeds_problems(settings: Settings) -> Problems:
    """What `sei-trader feeds` lacks."""
    return _missing(settings, "deployer_key")


def rotate_server_problems(settings: Settings) -> Problems:
    """What `sei-trader rotate-server` lacks; DEPLOYER_KEY is no help once a Safe is the admin."""
    return _missing(settings, "pvt_key")


def _missing(settings: Settings, *names: str) -> Problems:
    return {name: "is missing" for name in names if getattr(settings, name) is None}


def purpose(name: str) -> str:
    """What a setting is for."""
    return Settings.model_fields[name].description or ""

"""Every edge to the outside is one setting. Read once, at start, and checked all together."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.errors import SettingsError

_KEY_BYTES = 32
_PRIVATE_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
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
    deployer_key: SecretStr | None = Field(
        None, description="used by `deploy` only: lists tokens and exchanges; keep it elsewhere"
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

    @field_validator("actor_seed")
    @classmethod
    def _check_seed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < _KEY_BYTES:
            raise ValueError(f"must have at least {_KEY_BYTES} bytes")
        return value

    @property
    def database(self) -> str:
        """The database's URL, SQLite in the data folder by default."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'bot.db'}"

    def secrets(self) -> list[str]:
        """The values that no log may show."""
        values = [getattr(self, name) for name in type(self).model_fields]
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

    @property
    def public(self) -> str:
        """The HTTP door as users reach it."""
        return self.public_url or f"http://127.0.0.1:{self.port}"


def load_settings() -> Settings:
    """Read the environment and `.env`.

    Raises:
        SettingsError: listing every bad setting, without its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"  {str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors()
        ]
        raise SettingsError("\n".join(["These settings are wrong:", *lines])) from None


def check_real(settings: Settings) -> None:
    """What `sei-trader run` needs.

    Raises:
        SettingsError: listing every missing or contradicting setting and what it is for.
    """
    problems = []
    for name in ("tg_bot_token", "google_api_key", "pvt_key", "actor_seed"):
        if getattr(settings, name) is None:
            problems.append(f"  {name.upper()} is missing: {purpose(name)}")
    if settings.sei_network is NetworkName.LOCAL and settings.sei_rpc_url is None:
        problems.append(
            "  SEI_NETWORK is local, which has no chain of its own here: name atlantic-2 or "
            "pacific-1, or the RPC of a local chain in SEI_RPC_URL"
        )
    if settings.environment is Environment.PRODUCTION:
        if settings.sei_network is NetworkName.LOCAL:
            problems.append("  SEI_NETWORK is local, and ENVIRONMENT is production")
        if settings.public_url is None:
            problems.append(f"  PUBLIC_URL is missing: {purpose('public_url')}")
    if problems:
        raise SettingsError("\n".join(["sei-trader run cannot start:", *problems]))


def check_local(settings: Settings) -> None:
    """What `sei-trader local` refuses.

    Raises:
        SettingsError: production has no stand-ins, and a real chain no generated keys.
    """
    if settings.environment is Environment.PRODUCTION:
        raise SettingsError(
            "ENVIRONMENT is production, where nothing is a stand-in: use `sei-trader run`"
        )
    if settings.tg_api_url and settings.tg_bot_token is None:
        raise SettingsError("TG_API_URL is set but TG_BOT_TOKEN is not")
    if settings.sei_network is not NetworkName.LOCAL:
        missing = [
            f"  {name.upper()} is missing: {purpose(name)}"
            for name in ("tg_bot_token", "pvt_key", "actor_seed")
            if getattr(settings, name) is None
        ]
        if missing:
            raise SettingsError(
                f"On {settings.sei_network} nothing that guards money is a stand-in:\n"
                + "\n".join(missing)
            )


def purpose(name: str) -> str:
    """What a setting is for."""
    return Settings.model_fields[name].description or ""

"""Settings: read once, checked all together, and never shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account

from bot.domain.errors import SettingsError
from bot.settings import (
    Environment,
    NetworkName,
    Problems,
    Settings,
    load_settings,
    local_problems,
    no_problems,
    parse_old_seeds,
    purpose,
    real_problems,
)

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
SECRETS = {
    "TG_BOT_TOKEN": "123456789:AAE-secretsecret",
    "GOOGLE_API_KEY": "AIza-secretsecret",
    "COINGECKO_API_KEY": "CG-secretsecret",
    "PVT_KEY": f"0x{KEY}",
    "ACTOR_SEED": "secretsecret-of-at-least-32-bytes",
    "DEPLOYER_KEY": KEY,
    "DATABASE_URL": "postgresql://ann:secretsecret@127.0.0.1/bot",
}
COMPLETE = {
    **{name: SECRETS[name] for name in ("TG_BOT_TOKEN", "GOOGLE_API_KEY", "PVT_KEY", "ACTOR_SEED")},
    "SEI_NETWORK": "atlantic-2",
}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting and no `.env` of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def load(
    monkeypatch: pytest.MonkeyPatch,
    find_problems: Callable[[Settings], Problems] = no_problems,
    **variables: str,
) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings(find_problems)


def complaints(error: pytest.ExceptionInfo[SettingsError]) -> list[str]:
    """The names that are complained of, in order."""
    return [line.split()[0].rstrip(":") for line in str(error.value).splitlines()[1:]]


def test_the_defaults_are_those_of_the_settings_table():
    settings = load_settings()
    assert settings.gemini_model == "gemini-3.8-flash"
    assert settings.gemini_fast_model == "gemini-3.5-flash-lite"
    assert settings.coingecko_rate_per_min == 30
    assert settings.sei_network is NetworkName.LOCAL
    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.port, settings.public) == (8080, "http://127.0.0.1:8080")
    assert (settings.data_dir, settings.database) == (Path("data"), "sqlite:///data/bot.db")
    assert settings.admin_ids == frozenset()
    unset = [
        *("tg_bot_token", "tg_api_url", "google_api_key", "google_api_url", "coingecko_api_key"),
        *("coingecko_api_url", "sei_rpc_url", "pvt_key", "actor_seed", "deployer_key"),
        *("guardian_address", "database_url", "public_url", "actor_seed_old"),
    ]
    assert [getattr(settings, name) for name in unset] == [None] * len(unset)


def test_every_setting_says_what_it_is_for():
    assert all(len(purpose(name)) > 5 for name in Settings.model_fields)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch):
    Path(".env").write_text("PORT=1111\nADMIN_IDS=5\nUNKNOWN=x\n", encoding="utf-8")
    settings = load(monkeypatch, PORT="2222")
    assert settings.port == 2222
    assert settings.admin_ids == {5}


def test_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch):
    settings = load(monkeypatch, TG_BOT_TOKEN="", PORT="", SEI_RPC_URL="", DATABASE_URL="")
    assert settings == Settings()
    assert settings.tg_bot_token is None


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", set()),
        ("7", {7}),
        ("7, 8,,9 ,", {7, 8, 9}),
        ("5000000001,5000000001", {5_000_000_001}),
        (" , ", set()),
    ],
)
def test_admin_ids_are_a_list(monkeypatch: pytest.MonkeyPatch, text: str, ids: set[int]):
    assert load(monkeypatch, ADMIN_IDS=text).admin_ids == ids


OLD_SEED = "one, of: many 2:characters, and long enough"


def test_old_seeds_are_known_by_version_and_kept_out_of_logs(monkeypatch: pytest.MonkeyPatch):
    written = f"1:{OLD_SEED},3:{OLD_SEED[::-1]}"
    settings = load(monkeypatch, ACTOR_SEED_VERSION="4", ACTOR_SEED_OLD=written)
    assert settings.old_seeds == {1: OLD_SEED, 3: OLD_SEED[::-1]}
    assert {OLD_SEED, OLD_SEED[::-1], written} <= set(settings.secrets())
    assert OLD_SEED not in repr(settings)
    assert load_settings().actor_seed_version == 4


@pytest.mark.parametrize(
    "written",
    ["", "x", OLD_SEED, "1:short", f"0:{OLD_SEED}", f"2:{OLD_SEED}", f"1:{OLD_SEED},1:{OLD_SEED}"],
)
def test_old_seeds_are_below_the_current_one_and_once_each(written: str):
    with pytest.raises(ValueError, match="must"):
        parse_old_seeds(written, 2)


def test_urls_lose_their_last_slash(monkeypatch: pytest.MonkeyPatch):
    settings = load(
        monkeypatch,
        TG_API_URL="http://127.0.0.1:9/telegram/",
        PUBLIC_URL="https://bot.example/",
        DATA_DIR="/tmp/x",  # noqa: S108
    )
    assert settings.tg_api_url == "http://127.0.0.1:9/telegram"
    assert settings.public == "https://bot.example"
    assert settings.database == "sqlite:////tmp/x/bot.db"


@pytest.mark.parametrize("key", [KEY, f"0x{KEY}", KEY.upper()])
def test_keys_with_and_without_0x(monkeypatch: pytest.MonkeyPatch, key: str):
    settings = load(monkeypatch, PVT_KEY=key)
    assert settings.pvt_key is not None
    assert Account.from_key(settings.pvt_key.get_secret_value()) == Account.from_key(KEY)


BAD = {
    "TG_BOT_TOKEN": "secretsecret",
    "TG_API_URL": "ftp://secretsecret",
    "GOOGLE_API_URL": "secretsecret",
    "COINGECKO_API_URL": "https:// secretsecret",
    "COINGECKO_RATE_PER_MIN": "0",
    "SEI_NETWORK": "secretsecret",
    "SEI_RPC_URL": "wss://secretsecret",
    "PVT_KEY": "secretsecret",
    "ACTOR_SEED": "secretsecret",
    "ACTOR_SEED_VERSION": "0",
    "ACTOR_SEED_OLD": "1:secretsecret",
    "DEPLOYER_KEY": f"{KEY}secretsecret",
    "GUARDIAN_ADDRESS": f"0x{KEY}",
    "PORT": "65536",
    "PUBLIC_URL": "javascript:secretsecret",
    "ADMIN_IDS": "7, @secretsecret",
    "ENVIRONMENT": "secretsecret",
}


def test_all_that_is_wrong_is_listed_at_once_and_never_quoted(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, no_problems, **BAD)
    assert complaints(error) == list(BAD)
    assert "secretsecret" not in str(error.value)
    assert KEY not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None, "the library's error would quote the values"


@pytest.mark.parametrize("name", BAD)
def test_each_is_wrong_by_itself(monkeypatch: pytest.MonkeyPatch, name: str):
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, no_problems, **{name: BAD[name]})
    assert complaints(error) == [name]


def test_a_seed_is_measured_in_bytes(monkeypatch: pytest.MonkeyPatch):
    assert load(monkeypatch, ACTOR_SEED="ü" * 16).actor_seed is not None
    with pytest.raises(SettingsError, match="at least 32 bytes"):
        load(monkeypatch, ACTOR_SEED="x" * 31)


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch):
    settings = load(monkeypatch, no_problems, **SECRETS)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings!s}"):
        assert "secretsecret" not in shown
        assert KEY not in shown
    assert settings.database == SECRETS["DATABASE_URL"]


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


def test_run_lists_all_that_is_missing_with_its_purpose():
    with pytest.raises(SettingsError) as error:
        load_settings(real_problems)
    assert complaints(error) == [
        "TG_BOT_TOKEN",
        "GOOGLE_API_KEY",
        "PVT_KEY",
        "ACTOR_SEED",
        "SEI_NETWORK",
    ]
    for name in ("tg_bot_token", "google_api_key", "pvt_key", "actor_seed"):
        assert purpose(name) in str(error.value)


@pytest.mark.parametrize("missing", COMPLETE)
def test_run_needs_each_of_them(monkeypatch: pytest.MonkeyPatch, missing: str):
    load(monkeypatch, real_problems, **COMPLETE)
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError) as error:
        load_settings(real_problems)
    assert complaints(error) == [missing]


def test_run_takes_a_local_chain_only_by_its_rpc(monkeypatch: pytest.MonkeyPatch):
    variables = {**COMPLETE, "SEI_NETWORK": "local", "SEI_RPC_URL": "http://127.0.0.1:8545"}
    load(monkeypatch, real_problems, **variables)
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, real_problems, ENVIRONMENT="production", PUBLIC_URL="https://x.example")
    assert complaints(error) == ["SEI_NETWORK"]


def test_production_needs_its_public_address(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, real_problems, **COMPLETE, ENVIRONMENT="production")
    assert complaints(error) == ["PUBLIC_URL"]
    load(monkeypatch, real_problems, PUBLIC_URL="https://bot.example")


def test_local_mode_starts_with_nothing_set():
    load_settings(local_problems)


def test_local_mode_is_no_production(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError, match="sei-trader run"):
        load(monkeypatch, local_problems, ENVIRONMENT="production")


def test_a_real_telegram_needs_its_token(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError, match="TG_API_URL is set"):
        load(monkeypatch, local_problems, TG_API_URL="http://127.0.0.1:9")
    load(monkeypatch, local_problems, TG_BOT_TOKEN="1:x")  # noqa: S106


def test_what_is_bad_and_what_is_missing_are_told_together(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, real_problems, PVT_KEY="nonsense", DATABASE_URL="mysql://x")
    assert set(complaints(error)) == {
        "PVT_KEY",
        "DATABASE_URL",
        "TG_BOT_TOKEN",
        "GOOGLE_API_KEY",
        "ACTOR_SEED",
        "SEI_NETWORK",
    }


def test_local_mode_on_a_real_chain_generates_nothing(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, local_problems, SEI_NETWORK="pacific-1")
    assert complaints(error) == ["TG_BOT_TOKEN", "PVT_KEY", "ACTOR_SEED"]

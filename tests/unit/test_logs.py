"""What comes out of stderr, however it went in."""

import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog

from bot.logs import configure_logs

KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
TOKEN = "123456789:AAE-dxYzq_9" + "b" * 24
API_KEY = "AIza" + "Sy_-9" * 7
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
SEED = "correct-horse-battery-staple-and-more"
SECRETS = [KEY, KEY[2:], TOKEN, API_KEY, PHRASE, SEED, "CG-" + "aB3" * 8]


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    root = logging.root
    before = root.handlers[:], root.level, sys.excepthook
    yield
    root.handlers[:], _, sys.excepthook = before
    root.setLevel(before[1])
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(params=[True, False], ids=["json", "console"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    configure_logs(production=request.param, secrets=[SEED])
    return stderr.getvalue


def log_in_message(secret: str) -> None:
    structlog.get_logger("bot.x").info(f"calling {secret} now")


def log_in_arguments(secret: str) -> None:
    structlog.get_logger("bot.x").warning("calling %s", secret)


def log_in_values(secret: str) -> None:
    structlog.get_logger("bot.x").info(
        "call", url=f"/bot?key={secret}/getMe", nested=[{"a": (secret,)}]
    )


def log_in_key(secret: str) -> None:
    structlog.get_logger("bot.x").info("call", headers={secret: 1})


def log_in_repr(secret: str) -> None:
    structlog.get_logger("bot.x").info("call", request=ValueError(secret))


def log_under_hash_key(secret: str) -> None:
    structlog.get_logger("bot.x").info("call", tx_hash=f"{secret} and more")


def log_in_context(secret: str) -> None:
    with structlog.contextvars.bound_contextvars(ref=secret):
        structlog.get_logger("bot.x").info("call")


def log_in_exception(secret: str) -> None:
    try:
        dict[str, int]()[secret]
    except KeyError:
        structlog.get_logger("bot.x").exception("failed")


def log_by_standard_library(secret: str) -> None:
    logging.getLogger("telegram.ext").error("token %s", secret)
    logging.getLogger("db.x").info("token %s", secret, stack_info=True)


def log_standard_exception(secret: str) -> None:
    try:
        int(secret)
    except ValueError:
        logging.getLogger("anyone").exception("failed with %r", secret)


def log_crash(secret: str) -> None:
    error = RuntimeError(secret)
    sys.excepthook(RuntimeError, error, error.__traceback__)


def log_warning(secret: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning(UserWarning(secret), UserWarning, "here.py", 1)


WAYS = [
    log_in_message,
    log_in_arguments,
    log_in_values,
    log_in_key,
    log_in_repr,
    log_under_hash_key,
    log_in_context,
    log_in_exception,
    log_by_standard_library,
    log_standard_exception,
    log_crash,
    log_warning,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:6])
def test_a_planted_secret_never_comes_out(
    written: Callable[[], str], way: Callable[[str], None], secret: str
):
    way(secret)
    out = written()
    assert out
    assert secret not in out
    assert "[" in out


def test_a_line_that_cannot_be_written_is_not_dumped_instead(written: Callable[[], str]):
    record = logging.LogRecord("bot.x", logging.INFO, "here.py", 1, "%d", (TOKEN,), None)
    logging.root.handlers[0].handle(record)
    out = written()
    assert "log line lost" in out
    assert TOKEN not in out


def test_a_password_in_a_url_is_masked(written: Callable[[], str]):
    structlog.get_logger("bot.x").info("open", url="postgresql://me:hunter2@db/trader")
    out = written()
    assert "hunter2" not in out
    assert "db/trader" in out


def test_transaction_hashes_are_readable_under_their_key(written: Callable[[], str]):
    structlog.get_logger("bot.x").info("sent", tx_hash=KEY, key=KEY)
    assert written().count(KEY) == 1


def test_production_lines_are_json_with_the_correlation_id(capsys: pytest.CaptureFixture[str]):
    configure_logs(production=True)
    structlog.contextvars.bind_contextvars(ref="a1b2")
    structlog.get_logger("bot.x").info("filled", amount=3, user_id=5)
    logging.getLogger("telegram").warning("slow %d", 3)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "filled",
        "amount": 3,
        "user_id": 5,
        "ref": "a1b2",
        "level": "info",
        "logger": "bot.x",
    }
    assert second["event"] == "slow 3"
    assert second["ref"] == "a1b2"


def test_third_parties_speak_from_warning_on(written: Callable[[], str]):
    for name in ("httpx", "telegram.ext.Updater", "aiohttp.access", "apscheduler", "web3"):
        logging.getLogger(name).info("chatter")
    structlog.get_logger("bot.x").debug("chatter")
    assert written() == ""
    structlog.get_logger("bot.x").info("ours")
    assert "ours" in written()


def test_a_second_set_up_replaces_the_first(capsys: pytest.CaptureFixture[str]):
    configure_logs(production=True)
    configure_logs(production=True)
    structlog.get_logger("bot.x").info("once")
    assert capsys.readouterr().err.count("once") == 1

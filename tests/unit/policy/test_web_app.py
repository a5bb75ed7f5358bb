import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from bot.policy.web_app import read_opener, web_app_key

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLAY = "1:play"
KEY = web_app_key(PLAY)


def init_data(user_id: object = 7, age_s: int = 60, bot: str = PLAY, **more: str) -> str:
    """As Telegram signs it: every field but the hash, sorted, one a line."""
    fields = {
        "auth_date": str(int(NOW.timestamp()) - age_s),
        "query_id": "AAF",
        "user": json.dumps({"id": user_id, "first_name": "Ann & Bo"}),
        "signature": "",
        **more,
    }
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    secret = hmac.digest(b"WebAppData", bot.encode(), hashlib.sha256)
    fields["hash"] = hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest()
    return urlencode(fields)


def test_telegram_says_who_opened_the_page():
    assert read_opener(init_data(), KEY, NOW) == 7


@pytest.mark.parametrize(
    "told",
    [
        "",
        "hash=00",
        "user=%7B%7D",
        "x" * 9_000,
        init_data(bot="1:another"),
        init_data().replace("Ann", "Bob"),
        init_data(age_s=3_601),
        init_data(user_id="7"),
        init_data(auth_date="soon"),
        init_data(auth_date="9" * 30),
        init_data(user="[]"),
        init_data(user="nobody"),
        init_data() + "&hash=zz",
        "&".join(f"f{n}=1" for n in range(40)),
    ],
)
def test_anything_else_says_nothing(told: str):
    assert read_opener(told, KEY, NOW) is None

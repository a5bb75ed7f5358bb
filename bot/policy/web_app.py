"""Who opened a page inside Telegram: its signed `initData`. Pure.

https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

FRESH = timedelta(hours=1)
_MOST_FIELDS = 30


def web_app_key(bot_token: str) -> bytes:
    """What Telegram signs `initData` with; a secret, as the token is."""
    return hmac.digest(b"WebAppData", bot_token.encode(), hashlib.sha256)


def read_opener(init_data: str, key: bytes, now: datetime) -> int | None:
    """The Telegram user who opened the page in the last hour; None if Telegram did not say so."""
    try:
        pairs = parse_qsl(
            init_data, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_FIELDS
        )
        fields = dict(pairs)
        claimed = bytes.fromhex(fields.pop("hash"))
        signed = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
        if not hmac.compare_digest(hmac.digest(key, signed.encode(), hashlib.sha256), claimed):
            return None
        opened_at = datetime.fromtimestamp(int(fields["auth_date"]), UTC)
        user = json.loads(fields["user"])["id"]
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
    return user if isinstance(user, int) and now - opened_at <= FRESH else None

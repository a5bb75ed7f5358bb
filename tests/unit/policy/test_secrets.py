import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.secrets import find_secret, mask_secrets

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
TOKEN = "123456789:AAE-dxYzq_9" + "b" * 24
API_KEY = "AIza" + "Sy_-9" * 7
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
SECRETS = [
    ("private key", KEY),
    ("private key", f"0x{KEY.upper()}"),
    ("bot token", TOKEN),
    ("API key", API_KEY),
    ("seed phrase", PHRASE),
    ("seed phrase", PHRASE.upper().replace(" ", "\n")),
    ("seed phrase", ", ".join(f"{i}. {word}" for i, word in enumerate(PHRASE.split(), 1))),
    ("seed phrase", "abandon " * 23 + "art"),
]


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
@pytest.mark.parametrize("around", ["{}", "here: {}!", "https://x/{}/getMe", "'{}'", "[1]{}\n"])
def test_a_secret_is_found_and_masked_wherever_it_stands(kind: str, secret: str, around: str):
    text = around.format(secret)
    assert find_secret(text) == kind
    masked = mask_secrets(text)
    assert find_secret(masked) is None
    assert secret not in masked
    assert f"[{kind}]" in masked


def test_a_bot_token_is_found_in_the_urls_that_carry_it():
    assert mask_secrets(f"https://x/bot{TOKEN}/getMe") == "https://x/bot[bot token]/getMe"


@pytest.mark.parametrize(
    "text",
    [
        "Should I buy SEI today? I can spend about 50 dollars this week and want no more risk.",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "12:30 to 14:00, order 12345678: filled",
        f"{KEY}{KEY}",
        " ".join(PHRASE.split()[:11]),
    ],
)
def test_ordinary_words_addresses_and_calldata_pass(text: str):
    assert find_secret(text) is None
    assert mask_secrets(text) == text


@given(st.text(max_size=40), st.sampled_from([secret for _, secret in SECRETS]))
def test_what_is_found_is_masked(around: str, secret: str):
    text = f"{around} {secret} {around}"
    assert find_secret(text)
    assert secret not in mask_secrets(text)

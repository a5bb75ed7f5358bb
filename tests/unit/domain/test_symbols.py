import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.symbols import Ambiguous, mentions, resolve

LISTED = ("SEI", "USDC", "WETH", "WBTC", "iSEI", "SolvBTC", "USDT0")


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("SEI", "SEI"),
        ("sei", "SEI"),
        ("$SEI", "SEI"),
        (" $sei ", "SEI"),
        ("wsei", "SEI"),
        ("isei", "iSEI"),
        ("staked sei", "iSEI"),
        ("eth", "WETH"),
        ("Ether", "WETH"),
        ("ETHEREUM", "WETH"),
        ("btc", "WBTC"),
        ("bitcoin", "WBTC"),
        ("Wrapped  Bitcoin", "WBTC"),
        ("solvbtc", "SolvBTC"),
        ("usdt", "USDT0"),
        ("tether", "USDT0"),
        ("usdc", "USDC"),
    ],
)
def test_names_people_use(text: str, symbol: str) -> None:
    assert resolve(text, LISTED) == symbol


def test_dollars_are_ambiguous() -> None:
    assert resolve("usd", LISTED) == Ambiguous(("USDC", "USDT0"))
    assert resolve("usd", ("SEI", "USDC")) == "USDC"


def test_symbols_that_differ_in_case_only_need_their_exact_spelling() -> None:
    assert resolve("ABC", ("ABC", "abc")) == "ABC"
    assert resolve("Abc", ("ABC", "abc")) == Ambiguous(("ABC", "abc"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "doge",
        "SЕI",  # noqa: RUF001 (Cyrillic E)
        "\uff33\uff25\uff29",
        "SE\u200bI",
        "SE\u0131",
        "se\u017fi",
        "SEI<b>",
        "sei" * 100,
        "SEI\x00",
    ],
)
def test_strangers_and_look_alikes_are_nobody(text: str) -> None:
    assert resolve(text, LISTED) is None


def test_letters_that_only_fold_to_ascii_are_no_ascii() -> None:
    assert resolve("\u212aX", ("KX",)) is None


def test_an_alias_never_beats_a_listed_symbol() -> None:
    assert resolve("eth", ("ETH", "WETH")) == "ETH"
    assert resolve("btc", ("SEI", "SolvBTC")) is None


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("SEI or ETH?", ("SEI", "WETH")),
        ("what's SEI's price", ("SEI",)),
        ("swap 25 usd of wrapped bitcoin", ("WBTC",)),
        ("spend USDC on sei and bitcoin", ("SEI", "WBTC", "USDC")),
        ("_SEI_ *eth*", ("SEI", "WETH")),
        ("SЕI", ()),  # noqa: RUF001
        ("seismic etherealness", ()),
        ("sei SEI $sei", ("SEI",)),
    ],
)
def test_mentions_in_a_sentence(text: str, symbols: tuple[str, ...]) -> None:
    assert mentions(text, LISTED) == symbols


@given(st.text(max_size=60))
def test_whatever_is_said_only_listed_symbols_come_out(text: str) -> None:
    found = resolve(text, LISTED)
    assert found is None or isinstance(found, Ambiguous) or found in LISTED
    assert set(mentions(text, LISTED)) <= set(LISTED)

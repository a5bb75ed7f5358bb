import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.policy.addresses import parse_owner

GOOD = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"


@pytest.mark.parametrize("typed", [GOOD, GOOD.lower(), f"  {GOOD}\n", "0x" + GOOD[2:].upper()])
def test_an_address_is_checksummed(typed: str):
    assert parse_owner(typed) == GOOD


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("", "not a Sei EVM address"),
        (GOOD[:-1], "not a Sei EVM address"),
        (GOOD + "0", "not a Sei EVM address"),
        (GOOD[2:], "not a Sei EVM address"),
        (f"{GOOD} {GOOD}", "not a Sei EVM address"),
        ("0X" + GOOD[2:], "not a Sei EVM address"),
        ("sei1" + "q" * 38, "not a Sei EVM address"),
        ("vitalik.eth", "not a Sei EVM address"),
        ("0x" + "\uff11" * 40, "not a Sei EVM address"),
        (GOOD.replace("Ee", "eE"), "checksum is wrong"),
        ("0x" + "0" * 40, "Nobody can hold"),
        ("0x" + f"{2**64 - 1:040x}", "Nobody can hold"),
    ],
)
def test_what_cannot_own_an_escrow_says_why(typed: str, hint: str):
    with pytest.raises(UserError, match=hint):
        parse_owner(typed)


def test_the_smallest_owner_the_contract_takes():
    assert int(parse_owner(f"0x{2**64:040x}"), 16) == 2**64


def test_what_is_ours_is_not_yours():
    with pytest.raises(UserError, match="belongs to this service"):
        parse_owner(GOOD.lower(), frozenset({GOOD}))


@given(st.integers(2**64, 2**160 - 1), st.integers(0, 39))
def test_a_wrong_case_is_caught(number: int, at: int):
    good = to_checksum_address(f"0x{number:040x}")
    assert parse_owner(good) == good
    digits = good[2:]
    wrong = digits[:at] + digits[at].swapcase() + digits[at + 1 :]
    if wrong not in (digits, digits.lower(), digits.upper()):
        with pytest.raises(UserError, match="checksum"):
            parse_owner(f"0x{wrong}")

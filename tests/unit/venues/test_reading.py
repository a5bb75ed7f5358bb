"""What the venues make of pools that are missing, empty or odd; real ones are in tests/ports."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from eth_abi.abi import encode

from bot.domain.errors import SettingsError, UpstreamError
from bot.domain.money import NATIVE, Amount, Token
from bot.ports.chain import Call
from bot.venues import VenueKind
from bot.venues.uniswap_v2 import VENUE as V2
from bot.venues.uniswap_v3 import VENUE as V3
from bot.venues.uniswap_v3_deadline import VENUE as V3_DEADLINE

SEI = Token("SEI", "0x" + "11" * 20, 18, is_wrapped_native=True)
USDC = Token("USDC", "0x" + "22" * 20, 6)
POOL = "0x" + "33" * 20
FACTORY, QUOTER = "0x" + "44" * 20, "0x" + "55" * 20
SELL = Amount(SEI, 1000)


@dataclass(frozen=True)
class Listing:
    name: str = "Exchange"
    factory: str = FACTORY
    quoter: str | None = QUOTER
    adapter: str = "0x" + "66" * 20
    fees: Sequence[int] = (3000,)


@dataclass
class Chain:
    """Answers by whom is asked; None reverts."""

    answers: dict[str, bytes | None]
    asked: list[str] = field(default_factory=list)

    async def call_many(self, calls: Sequence[Call]) -> list[bytes | None]:
        self.asked += [call.to for call in calls]
        return [self.answers[call.to] for call in calls]


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32) for number in numbers)


FOUND = encode(["address"], [POOL])
HELD = words(10_000, 20_000, 0)
PRICE = words(1 << 96, 0, 0, 0, 0, 0, 1)
FILL = words(900, 128, 160, 0)
GOOD: dict[str, dict[str, bytes | None]] = {
    V2.name: {FACTORY: FOUND, POOL: HELD},
    V3.name: {FACTORY: FOUND, POOL: PRICE, QUOTER: FILL},
    V3_DEADLINE.name: {FACTORY: FOUND, POOL: PRICE, QUOTER: FILL},
}
KINDS = pytest.mark.parametrize("kind", [V2, V3, V3_DEADLINE], ids=lambda kind: kind.name)


async def quotes_of(kind: VenueKind, chain: Chain) -> list[int]:
    venue = kind.build(Listing(), chain)
    return [quote.buy.raw for quote in await venue.read_quotes(SELL, USDC, [])]


@KINDS
async def test_a_good_pool_is_quoted(kind: VenueKind) -> None:
    out = await quotes_of(kind, Chain(GOOD[kind.name]))
    assert out == ([1813] if kind is V2 else [900])


@KINDS
async def test_no_pool_is_no_quote_and_is_remembered(kind: VenueKind) -> None:
    chain = Chain({**GOOD[kind.name], FACTORY: encode(["address"], [NATIVE])})
    venue = kind.build(Listing(), chain)
    assert await venue.read_quotes(SELL, USDC, []) == []
    assert await venue.read_quotes(SELL, USDC, []) == []
    assert chain.asked == [FACTORY]


@KINDS
async def test_a_factory_that_reverts_is_asked_again(kind: VenueKind) -> None:
    chain = Chain({**GOOD[kind.name], FACTORY: None})
    venue = kind.build(Listing(), chain)
    assert await venue.read_quotes(SELL, USDC, []) == []
    chain.answers[FACTORY] = FOUND
    assert len(await venue.read_quotes(SELL, USDC, [])) == 1


@KINDS
async def test_a_pool_that_reverts_is_no_quote(kind: VenueKind) -> None:
    assert await quotes_of(kind, Chain({**GOOD[kind.name], POOL: None})) == []


@pytest.mark.parametrize("held", [(0, 0, 0), (10_000, 0, 0), (0, 20_000, 0), (10**12, 1, 0)])
async def test_an_empty_pair_is_no_quote(held: tuple[int, ...]) -> None:
    assert await quotes_of(V2, Chain({**GOOD[V2.name], POOL: words(*held)})) == []


@pytest.mark.parametrize("fill", [None, words(0, 128, 160, 0)])
async def test_a_quoter_that_reverts_or_gives_nothing_is_no_quote(fill: bytes | None) -> None:
    assert await quotes_of(V3, Chain({**GOOD[V3.name], QUOTER: fill})) == []


async def test_a_pool_without_a_price_is_no_quote() -> None:
    assert await quotes_of(V3, Chain({**GOOD[V3.name], POOL: words(0, 0, 0, 0, 0, 0, 0)})) == []


@KINDS
@pytest.mark.parametrize("junk", [b"", b"\x01", b"\xff" * 31])
async def test_an_address_that_is_no_exchange_is_said_to_be_none(
    kind: VenueKind, junk: bytes
) -> None:
    for place in GOOD[kind.name]:
        with pytest.raises(UpstreamError) as failed:
            await quotes_of(kind, Chain({**GOOD[kind.name], place: junk}))
        assert not failed.value.retryable


@pytest.mark.parametrize("kind", [V3, V3_DEADLINE], ids=lambda kind: kind.name)
def test_uniswap_v3_needs_a_quoter(kind: VenueKind) -> None:
    with pytest.raises(SettingsError, match="quoter"):
        kind.build(Listing(quoter=None), Chain({}))

"""Price feeds of test tokens, kept the way a push oracle keeps its own."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.chain.artifacts import load_artifact
from bot.chain.deployer import Deployer, KeyedAccount, chain_errors
from bot.chain.listing import answer_of
from bot.chain.networks import FeedTerms, TokenInfo, stable_feed, volatile_feed
from bot.domain.money import BPS

HEARTBEAT_S = 1_800
"""The age at which a feed is told again what it says already."""

_DOLLARS = frozenset(("USDC", "USDT0"))
_LOWEST, _HIGHEST = Decimal("0.16"), Decimal(6)
_MOST_USD = Decimal(1_300_000)


async def deploy_feeds(
    deployer: Deployer, tokens: Sequence[TokenInfo], prices: Mapping[str, Decimal], keeper: str
) -> tuple[str, tuple[TokenInfo, ...]]:
    """Deploy a feed a token that says `prices` (USD by symbol), for `keeper` to keep.

    Returns:
        The contract that publishes, and the tokens with the terms of their feeds.
    """
    contract = await deployer.deploy("feeds", load_artifact("TestFeeds"), keeper)
    fed = []
    for token in tokens:
        name, usd = f"{token.symbol} / USD", prices[token.symbol]
        await deployer.call(f"feed {token.symbol}", contract, "create", name, answer_of(usd))
        address = await contract.functions.feeds(name).call()
        fed.append(token.model_copy(update={"feed": _terms(token.symbol, address, usd)}))
    return contract.address, tuple(fed)


def _terms(symbol: str, feed: str, usd: Decimal) -> FeedTerms:
    if symbol in _DOLLARS:
        return stable_feed(feed)
    return volatile_feed(feed, usd * _LOWEST, min(usd * _HIGHEST, _MOST_USD))


class FeedKeeper:
    """Publishes prices as their feeds are due. `account` is the keeper `deploy_feeds` was told."""

    def __init__(self, account: KeyedAccount, contract: str, tokens: Sequence[TokenInfo]) -> None:
        self._account = account
        self._feeds = {token.symbol: token.feed for token in tokens if token.feed is not None}
        self._contract = account.w3.eth.contract(
            address=account.w3.to_checksum_address(contract), abi=load_artifact("TestFeeds").abi
        )

    async def step(self, prices: Mapping[str, Decimal]) -> int:
        """Publish what deviates from `prices` (USD by symbol) or is old; how many feeds that were.

        One read when none is due, else one transaction more. A symbol without a price leaves its
        feed alone.

        Raises:
            UpstreamError: the chain refused or did not answer; safe to repeat.
        """
        kept = {symbol: feed for symbol, feed in self._feeds.items() if symbol in prices}
        wanted = {symbol: answer_of(prices[symbol]) for symbol in kept}
        async with chain_errors("reading the feeds"):
            read = self._contract.functions.latest([feed.feed for feed in kept.values()])
            # Ages as of the next block: the last one may be days old.
            answers, ages = await read.call(block_identifier="pending")
        due = [
            symbol
            for (symbol, feed), answer, age_s in zip(kept.items(), answers, ages, strict=True)
            if is_due(answer, age_s, wanted[symbol], feed.deviation_bps)
        ]
        if due:
            news = [kept[symbol].feed for symbol in due], [wanted[symbol] for symbol in due]
            data = self._contract.encode_abi("push", args=news)
            await self._account.transact(self._contract.address, data)
        return len(due)


def is_due(answer: int, age_s: int, wanted: int, deviation_bps: int) -> bool:
    """Whether a feed that says `answer` since `age_s` is to be told `wanted`; bounds inclusive."""
    return age_s >= HEARTBEAT_S or abs(wanted - answer) * BPS >= answer * deviation_bps

"""Notice money that arrives in an escrow, from wherever and however it came.

Whatever an escrow holds above what its own trades account for is a deposit. Comparing balances
(rather than reading events) also sees native SEI that was sent without an EVM transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.errors import UpstreamError
from bot.domain.money import Amount, Price
from bot.domain.people import Agent
from bot.domain.tokens import Listing
from bot.policy.risk import Limits
from bot.ports.chain import ChainReader
from bot.ports.ledger import Deposits, Notice, SeenBalances
from bot.ports.market import Market
from bot.ports.records import Agents


@dataclass(frozen=True, slots=True)
class WatchDeposits:
    """Compares balances with what was seen; `wake` tells the outbox of new notices.

    Dust counts, but is not told: else anybody could flood a chat for nothing.
    """

    agents: Agents
    deposits: Deposits
    reader: ChainReader
    market: Market
    listing: Listing
    limits: Limits
    wake: Callable[[], None]

    async def tick(self) -> int:
        """Look once at all open escrows in one read; returns how many deposits were noticed.

        Versions are loaded before balances are read, so a trade in between voids the write.

        Raises:
            UpstreamError: the chain did not answer; nothing changes.
        """
        agents = {int(agent.id): agent for agent in await self.agents.load_live()}
        seen = await self.deposits.load_seen(list(agents))
        if not seen:
            return 0
        holders = [agents[agent_id].escrow for agent_id in seen]
        balances = await self.reader.read_balances(holders, self.listing.tokens)
        noticed = 0
        for agent_id, before in seen.items():
            noticed += await self._compare(
                agents[agent_id], before, balances[agents[agent_id].escrow]
            )
        return noticed

    def _is_dust(self, gained: Amount, prices: Mapping[str, Price]) -> bool:
        price = prices.get(gained.token.symbol)
        return price is not None and gained.worth(price) < self.limits.dust_usd

    async def _prices(self) -> Mapping[str, Price]:
        try:
            return await self.market.fetch_prices(self.listing.tokens)
        except UpstreamError:
            return {}

    async def _compare(
        self, agent: Agent, before: SeenBalances, balances: Mapping[str, Amount]
    ) -> int:
        raw = {symbol: amount.raw for symbol, amount in balances.items() if amount.raw}
        if raw == {symbol: held for symbol, held in before.raw.items() if held}:
            return 0
        prices = await self._prices()
        notices = [
            self._notice(agent, before.version, Amount(amount.token, gained))
            for symbol, amount in balances.items()
            if (gained := amount.raw - before.raw.get(symbol, 0)) > 0
            and not self._is_dust(Amount(amount.token, gained), prices)
        ]
        saved = await self.deposits.save_seen(
            int(agent.id), SeenBalances(before.version, raw), notices
        )
        if not saved or not notices:
            return 0
        self.wake()
        return len(notices)

    def _notice(self, agent: Agent, version: int, gained: Amount) -> Notice:
        symbol = gained.token.symbol
        return Notice(
            chat_id=int(agent.user_id),
            kind="deposit",
            key=f"deposit:{agent.id}:{version}:{symbol}",
            data={"agent": str(agent.id), "symbol": symbol, "raw": str(gained.raw)},
        )

"""Sei's pace: a transaction is mined 0.4 s after it arrives, and no block is empty.

Interval mining would fill the disk with empty blocks.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp

from bot.local.chain.anvil import Anvil

BLOCK_TIME_S = 0.4

_SUBSCRIBE = {"id": 1, "method": "eth_subscribe", "params": ["newPendingTransactions"]}


@asynccontextmanager
async def sei_pace(anvil: Anvil, block_time_s: float = BLOCK_TIME_S) -> AsyncIterator[None]:
    """Within the context, anvil mines `block_time_s` after a transaction; instantly again after."""
    async with aiohttp.ClientSession() as session:
        pacer = _Pacer(session, anvil, block_time_s)
        await pacer.order("evm_setAutomine", [False])
        task = asyncio.create_task(pacer.run(), name="sei-pace")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await task
            await pacer.leave()


class _Pacer:
    """Hears of pending transactions by WebSocket, orders blocks by HTTP."""

    def __init__(self, session: aiohttp.ClientSession, anvil: Anvil, block_time_s: float) -> None:
        self._session = session
        self._anvil = anvil
        self._block_time_s = block_time_s
        self._due = asyncio.Event()

    async def run(self) -> None:
        async with (
            self._session.ws_connect(self._anvil.ws_url) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            await socket.send_json({"jsonrpc": "2.0", **_SUBSCRIBE})
            miner = tasks.create_task(self._mine_when_due(), name="sei-pace-miner")
            async for message in socket:
                # The answer to the subscription counts as well: something may be waiting already.
                if "error" in json.loads(message.data):
                    raise ConnectionError(f"anvil refuses a subscription: {message.data}")
                self._due.set()
            miner.cancel()

    async def leave(self) -> None:
        """Leave nothing waiting; anvil itself may be gone already."""
        with suppress(aiohttp.ClientError):
            await self.order("evm_setAutomine", [True])
            await self.order("evm_mine", [])

    async def order(self, method: str, params: list[object]) -> None:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with self._session.post(self._anvil.rpc_url, json=request) as answer:
            answer.raise_for_status()

    async def _mine_when_due(self) -> None:
        while True:
            await self._due.wait()
            await asyncio.sleep(self._block_time_s)
            # Those that came meanwhile are in this block too.
            self._due.clear()
            await self.order("evm_mine", [])

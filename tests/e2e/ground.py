"""A local chain with our contracts and no bot: who is left when the service is gone."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_typing import HexStr
from web3 import AsyncHTTPProvider, AsyncWeb3

from bot.chain.artifacts import REPOSITORY
from bot.chain.bindings import load_abi
from bot.chain.deployer import KeyedAccount, connected
from bot.chain.deployment import Deployment
from bot.local.chain.world import LocalChain, LocalChainOptions, local_chain
from bot.policy.exit_codes import exit_hash_of
from tests.integration.localchain.setting import PRICES

SERVER_KEY = "0x" + "37" * 32
OWNER_KEY = "0x" + "38" * 32
OWNER = Account.from_key(OWNER_KEY).address
STRANGER_KEY = "0x" + "39" * 32
STRANGER = Account.from_key(STRANGER_KEY).address
EXIT_CODE = b"\x3a" * 32
EXIT_HASH = exit_hash_of(EXIT_CODE)
NO_HASH = "0x" + "00" * 32
NATIVE = "0x" + "00" * 20

_PATIENCE_S = 120


@dataclass(frozen=True)
class Ground:
    """The chain, the server that opens escrows on it, and commands run beside it."""

    chain: LocalChain
    w3: AsyncWeb3[AsyncHTTPProvider]
    server: KeyedAccount

    @property
    def rpc_url(self) -> str:
        return self.chain.rpc_url

    @property
    def deployment(self) -> Deployment:
        return self.chain.deployment

    @property
    def usdc(self) -> str:
        return self.deployment.quote.address

    async def call(self, contract: str, to: str, name: str, *arguments: object) -> Any:
        """What a view function answers; addresses in lower case."""
        method = load_abi(contract).methods[name]
        data = HexStr(f"0x{method.encode(*arguments).hex()}")
        answer = await self.w3.eth.call({"to": self.w3.to_checksum_address(to), "data": data})
        values = method.decode(bytes(answer))
        return values[0] if len(values) == 1 else values

    async def send(
        self, account: KeyedAccount, contract: str, to: str, name: str, *arguments: object
    ) -> None:
        method = load_abi(contract).methods[name]
        data = HexStr(f"0x{method.encode(*arguments).hex()}")
        await account.transact(self.w3.to_checksum_address(to), data)

    async def address_of(self, owner: str, exit_hash: str, index: int) -> str:
        terms = int(owner, 16), bytes.fromhex(exit_hash[2:]), index
        orchestrator = self.deployment.orchestrator
        found = await self.call("CaretOrchestrator", orchestrator, "escrowAddress", *terms)
        return self.w3.to_checksum_address(found)

    async def register(self, owner: str = OWNER, exit_hash: str = NO_HASH) -> str:
        """Open the owner's next escrow, as the bot does; its address."""
        orchestrator = self.deployment.orchestrator
        count = await self.call("CaretOrchestrator", orchestrator, "actorCount", int(owner, 16))
        where = await self.address_of(owner, exit_hash, count)
        terms = int(owner, 16), Account.create().address, bytes.fromhex(exit_hash[2:])
        await self.send(
            self.server, "CaretOrchestrator", orchestrator, "registerActorWithExit", *terms
        )
        return where

    async def give(self, holder: str, sei: str = "0", usdc: str = "0") -> None:
        deployment = self.deployment
        for token, units in ((deployment.sei, sei), (deployment.quote, usdc)):
            if Decimal(units):
                await self.chain.faucet.give(holder, token.amount(Decimal(units)))

    async def usdc_of(self, holder: str) -> int:
        found: int = await self.call("TestToken", self.usdc, "balanceOf", holder)
        return found

    async def sei_of(self, holder: str) -> int:
        return await self.w3.eth.get_balance(self.w3.to_checksum_address(holder))


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """A fresh chain; owner and stranger have some gas."""
    server = Account.from_key(SERVER_KEY).address
    options = LocalChainOptions(server, PRICES, at_sei_pace=False)
    async with local_chain(options) as chain, connected(chain.rpc_url) as w3:
        here = Ground(chain, w3, KeyedAccount(w3, SERVER_KEY))
        for account in (OWNER, STRANGER):
            await here.give(account, sei="2")
        yield here


async def run(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path = REPOSITORY
) -> tuple[int, str, str]:
    """Run a command of ours as a process; exit code, what it said, what it complained of."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    async with asyncio.timeout(_PATIENCE_S):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()

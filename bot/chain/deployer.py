"""An account that sets things up: it deploys and calls contracts, and remembers what it has done.

For deployments and for the stand-ins of local mode. Users' money never moves through here: that
is the sender's.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from aiohttp import ClientError
from eth_account import Account
from eth_typing import ChecksumAddress, HexStr
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract import AsyncContract
from web3.exceptions import TransactionNotFound, Web3Exception
from web3.types import TxParams, TxReceipt, Wei

from bot.chain.artifacts import Artifact
from bot.domain.errors import UpstreamError

NO_DATA = HexStr("0x")

_FIRST_POLL_S = 0.004
_SLOWEST_POLL_S = 0.15
_RECEIPT_TIMEOUT_S = 60


@asynccontextmanager
async def connected(rpc_url: str) -> AsyncIterator[AsyncWeb3[AsyncHTTPProvider]]:
    """A client of the node, without the middleware that asks for the chain id before each call."""
    w3 = AsyncWeb3(AsyncHTTPProvider(rpc_url))
    w3.middleware_onion.remove("validation")
    try:
        yield w3
    finally:
        await w3.provider.disconnect()


@asynccontextmanager
async def chain_errors(doing: str) -> AsyncIterator[None]:
    """Turn what web3 and the transport raise into `UpstreamError("chain")`."""
    try:
        yield
    except Web3Exception as error:
        raise UpstreamError("chain", f"{doing}: {error}", retryable=False) from error
    except (ClientError, OSError, TimeoutError) as error:
        raise UpstreamError("chain", f"{doing}: {error!r}", retryable=True) from error


class KeyedAccount:
    """Sends transactions of one key, which nobody else may use meanwhile.

    `gas_margin_pct` comes on top of the estimate. A trade needs more than a deployment: the first
    one a pool sees in a second writes its price history, which an estimate a moment earlier lacks.
    """

    def __init__(
        self, w3: AsyncWeb3[AsyncHTTPProvider], key: str, gas_margin_pct: int = 15
    ) -> None:
        self.w3 = w3
        self._gas_margin_pct = gas_margin_pct
        self._key = key
        self.address: ChecksumAddress = Account.from_key(key).address
        self._turn = asyncio.Lock()
        self._chain_id: int | None = None

    async def sign(
        self, to: ChecksumAddress | None, data: HexStr, value: Wei
    ) -> tuple[HexBytes, bytes]:
        """Hash and bytes of the next transaction; estimates gas, so a revert shows up here.

        Raises:
            Web3Exception: it would revert, or the node refuses.
        """
        tx: TxParams = {"from": self.address, "data": data, "value": value}
        if to is not None:
            tx["to"] = to
        gas, price, nonce, chain_id = await asyncio.gather(
            self.w3.eth.estimate_gas(tx),
            self.w3.eth.gas_price,
            self.w3.eth.get_transaction_count(self.address, "pending"),
            self._read_chain_id(),
        )
        tx |= {
            "gas": gas + gas * self._gas_margin_pct // 100,
            "maxFeePerGas": Wei(2 * price),
            "maxPriorityFeePerGas": Wei(price // 10),
            "nonce": nonce,
            "chainId": chain_id,
        }
        signed = Account.sign_transaction(cast("dict[str, Any]", tx), self._key)
        return signed.hash, signed.raw_transaction

    async def transact(
        self, to: ChecksumAddress | None, data: HexStr = NO_DATA, value: int = 0
    ) -> TxReceipt:
        """Send and wait for the receipt. MOVES MONEY of this account; not safe to repeat.

        Raises:
            UpstreamError: it reverted, was refused, or no receipt came within a minute.
        """
        async with chain_errors(f"transaction to {to}"):
            async with self._turn:
                tx_hash, raw = await self.sign(to, data, Wei(value))
                await self.w3.eth.send_raw_transaction(raw)
            return await self.wait(tx_hash)

    async def wait(self, tx_hash: HexBytes) -> TxReceipt:
        """The receipt of a transaction that succeeded."""
        async with asyncio.timeout(_RECEIPT_TIMEOUT_S):
            pause_s = _FIRST_POLL_S
            while (receipt := await self.find(tx_hash)) is None:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 1.25, _SLOWEST_POLL_S)
        if receipt["status"] != 1:
            raise UpstreamError("chain", f"{tx_hash.to_0x_hex()} reverted", retryable=False)
        return receipt

    async def find(self, tx_hash: HexBytes) -> TxReceipt | None:
        """The receipt, or None while there is none."""
        try:
            return await self.w3.eth.get_transaction_receipt(tx_hash)
        except TransactionNotFound:
            return None

    async def _read_chain_id(self) -> int:
        if self._chain_id is None:
            self._chain_id = await self.w3.eth.chain_id
        return self._chain_id


class StepLog:
    """Which named steps are done, with which transaction and terms; in memory without a path."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries: dict[str, str] = {}
        if path is not None and path.exists():
            self._entries = json.loads(path.read_text())

    def load(self, step: str) -> HexBytes | None:
        """The hash of the last transaction signed for `step`."""
        found = self._entries.get(step)
        return HexBytes(found) if found else None

    def save(self, step: str, tx_hash: HexBytes) -> None:
        """Remember, before it is sent, the transaction that does `step`."""
        self._write(step, tx_hash.to_0x_hex())

    def settle(self, term: str, text: str) -> str:
        """The text this term was first settled with, which is `text` unless there is one."""
        if term not in self._entries:
            self._write(term, text)
        return self._entries[term]

    def _write(self, name: str, text: str) -> None:
        self._entries[name] = text
        if self._path is not None:
            replace_file(self._path, json.dumps(self._entries, indent=1))


class Deployer(KeyedAccount):
    """Does named steps once each: one that is already on the chain is not sent again.

    A step's hash is recorded before it is sent, so it is safe to run all steps again after a crash.
    """

    def __init__(
        self, w3: AsyncWeb3[AsyncHTTPProvider], key: str, log: StepLog | None = None
    ) -> None:
        super().__init__(w3, key)
        self.log = log or StepLog()

    async def deploy(self, step: str, artifact: Artifact, *args: object) -> AsyncContract:
        """Create the contract, or return the one this step has created before."""
        factory = self.w3.eth.contract(abi=artifact.abi, bytecode=HexStr(artifact.bytecode))
        data = factory.constructor(*args).data_in_transaction
        receipt = await self._once(step, None, data, 0)
        return self.at(artifact, cast("ChecksumAddress", receipt["contractAddress"]))

    async def call(
        self, step: str, contract: AsyncContract, function: str, *args: object, value: int = 0
    ) -> None:
        """Call a function, unless this step has done so before."""
        data = contract.encode_abi(function, args=args)
        await self._once(step, contract.address, data, value)

    async def pay(self, step: str, to: ChecksumAddress, value: int) -> None:
        """Send native SEI, in wei, unless this step has done so before."""
        await self._once(step, to, NO_DATA, value)

    def at(self, artifact: Artifact, address: ChecksumAddress) -> AsyncContract:
        """The artifact's contract at a known address."""
        return self.w3.eth.contract(address=address, abi=artifact.abi)

    async def _once(
        self, step: str, to: ChecksumAddress | None, data: HexStr, value: int
    ) -> TxReceipt:
        async with chain_errors(step):
            done = await self._done(step)
            if done is not None:
                return done
            async with self._turn:
                tx_hash, raw = await self.sign(to, data, Wei(value))
                self.log.save(step, tx_hash)
                await self.w3.eth.send_raw_transaction(raw)
            return await self.wait(tx_hash)

    async def _done(self, step: str) -> TxReceipt | None:
        tx_hash = self.log.load(step)
        receipt = await self.find(tx_hash) if tx_hash else None
        return receipt if receipt and receipt["status"] == 1 else None


def replace_file(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f"{path.suffix}.new")
    fresh.write_text(text)
    fresh.replace(path)

"""The chain across restarts, crashes, damage and Sei's pace."""

import asyncio
import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import psutil
import pytest
import pytest_asyncio
from web3.types import RPCEndpoint

from bot.chain import artifacts
from bot.chain.deployer import KeyedAccount, connected
from bot.domain.errors import SettingsError
from bot.local.chain import anvil as anvil_module
from bot.local.chain.accounts import DEPLOYER_KEY, FAUCET_KEY, TEST_WALLET
from bot.local.chain.anvil import AnvilFailedError, find_binary, start_anvil, state_file
from bot.local.chain.pacer import sei_pace
from bot.local.chain.world import LocalChain, LocalChainOptions, local_chain
from tests.integration.localchain.setting import PRICES, SERVER

_CHILD = """
import asyncio, sys
from decimal import Decimal
from pathlib import Path
from bot.local.chain.accounts import TEST_WALLET
from bot.local.chain.world import LocalChainOptions, local_chain
from tests.integration.localchain.setting import PRICES, SERVER

async def main():
    options = LocalChainOptions(SERVER, PRICES, Path(sys.argv[1]), at_sei_pace=False)
    async with local_chain(options) as chain:
        await chain.faucet.give(TEST_WALLET, chain.deployment.quote.amount(Decimal(5)))
        print(chain.anvil.process.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def options(folder: Path | None, server: str = SERVER) -> LocalChainOptions:
    return LocalChainOptions(server=server, prices=PRICES, folder=folder, at_sei_pace=False)


async def usdc_of_test_wallet(chain: LocalChain) -> int:
    async with connected(chain.rpc_url) as w3:
        code = artifacts.load_artifact("TestToken")
        address = w3.to_checksum_address(chain.deployment.quote.address)
        token = w3.eth.contract(address=address, abi=code.abi)
        return int(await token.functions.balanceOf(TEST_WALLET).call())


async def timed(doing: Awaitable[object]) -> float:
    start = perf_counter()
    await doing
    return perf_counter() - start


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made-before")
    async with local_chain(options(folder)) as chain:
        await chain.faucet.give(TEST_WALLET, chain.deployment.quote.amount(Decimal(7)))
    return folder


@pytest.fixture
def folder(made_before: Path, tmp_path: Path) -> Path:
    """A chain that has run before; the test wallet has 7 USDC."""
    return shutil.copytree(made_before, tmp_path / "chain")


async def test_a_restart_carries_on(folder: Path) -> None:
    recorded = (folder / "world.json").read_text()
    async with local_chain(options(folder, SERVER.upper().replace("X", "x"))) as second:
        assert second.started_over == ""
        assert (folder / "world.json").read_text() == recorded
        assert await usdc_of_test_wallet(second) == 7 * 10**6
        assert await second.maker.step(PRICES) == 0


async def test_after_days_asleep_prices_are_fresh_at_once(folder: Path) -> None:
    async with local_chain(options(folder)) as chain:
        first = await age_of_feeds(chain)
        async with connected(chain.rpc_url) as w3:
            await w3.provider.make_request(RPCEndpoint("evm_increaseTime"), [3 * 24 * 3600])
            await w3.provider.make_request(RPCEndpoint("evm_mine"), [])
        assert await age_of_feeds(chain) >= first + 3 * 24 * 3600
    async with local_chain(options(folder)) as chain:
        assert chain.started_over == ""
        assert await age_of_feeds(chain) < 60


async def age_of_feeds(chain: LocalChain) -> int:
    """Seconds since the feed that was told longest ago was."""
    async with connected(chain.rpc_url) as w3:
        feeds = w3.eth.contract(
            w3.to_checksum_address(chain.exchange.feeds),
            abi=artifacts.load_artifact("TestFeeds").abi,
        )
        places = [token.feed.feed for token in chain.exchange.tokens if token.feed is not None]
        _, ages = await feeds.functions.latest(places).call(block_identifier="pending")
        return int(max(ages))


async def test_killed_hard_the_chain_saves_and_ends_with_the_bot(folder: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD, str(folder)),
        stdout=asyncio.subprocess.PIPE,
        cwd=artifacts.REPOSITORY,
    )
    assert child.stdout is not None
    anvil = psutil.Process(int(await child.stdout.readline()))
    assert anvil.name() == "anvil"
    child.send_signal(signal.SIGKILL)
    await child.wait()
    await asyncio.to_thread(anvil.wait, 10)

    async with local_chain(options(folder)) as chain:
        assert chain.started_over == ""
        assert await usdc_of_test_wallet(chain) == 12 * 10**6


async def test_old_transactions_do_not_pile_up_in_the_saved_state(folder: Path) -> None:
    size = state_file(folder).stat().st_size
    async with local_chain(options(folder)) as chain, connected(chain.rpc_url) as w3:
        for _ in range(150):
            await w3.provider.make_request(RPCEndpoint("evm_mine"), [])
    assert state_file(folder).stat().st_size < size
    async with local_chain(options(folder)) as chain:
        assert chain.started_over == ""
        assert await usdc_of_test_wallet(chain) == 7 * 10**6


def _write_old_record(world: Path) -> None:
    """As it was before tokens had price feeds."""
    record = json.loads(world.read_text())
    del record["deployment"]["guardian"], record["deployment"]["test_feeds"]
    del record["exchange"]["feeds"]
    for part in record.values():
        for token in part["tokens"] if isinstance(part, dict) else ():
            del token["feed"]
    world.write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: state_file(folder).write_bytes(b"{broken"), "cannot be read"),
        (lambda folder: os.truncate(state_file(folder), 5_000), "cannot be read"),
        (lambda folder: state_file(folder).unlink(), "is gone"),
        (lambda folder: (folder / "world.json").write_text("{}"), "damaged"),
        (lambda folder: (folder / "world.json").unlink(), "missing"),
        (lambda folder: _write_old_record(folder / "world.json"), "an older program's"),
    ],
)
async def test_what_is_damaged_is_said_and_made_anew(
    folder: Path, damage: Callable[[Path], None], reason: str
) -> None:
    damage(folder)
    async with local_chain(options(folder)) as second:
        assert reason in second.started_over
        assert "\n" not in second.started_over
        assert await usdc_of_test_wallet(second) == 0
    async with local_chain(options(folder)) as third:
        assert third.started_over == ""


async def test_another_server_or_other_contracts_mean_another_chain(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "0x" + "22" * 20
    async with local_chain(options(folder, other)) as chain:
        assert "server" in chain.started_over
        assert chain.deployment.server == other
    ours = tmp_path / "contracts"
    monkeypatch.setattr(artifacts, "_OURS", _changed_contracts(ours))
    for cached in (artifacts.contracts_digest, artifacts.load_artifact):
        cached.cache_clear()
    try:
        async with local_chain(options(folder, other)) as chain:
            assert "contracts have changed" in chain.started_over
    finally:
        monkeypatch.undo()
        for cached in (artifacts.contracts_digest, artifacts.load_artifact):
            cached.cache_clear()


def _changed_contracts(folder: Path) -> Path:
    folder.mkdir()
    for file in (artifacts.REPOSITORY / "contracts" / "artifacts").glob("*.json"):
        (folder / file.name).write_text(file.read_text())
    lens = folder / "BalanceLens.json"
    artifact = json.loads(lens.read_text())
    lens.write_text(json.dumps(artifact | {"bytecode": artifact["bytecode"] + "00"}))
    return folder


async def test_a_port_in_use_is_said() -> None:
    running = await start_anvil()
    try:
        with pytest.raises(AnvilFailedError):
            await start_anvil(port=running.port)
    finally:
        await running.stop()


async def test_without_anvil_the_way_to_get_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anvil_module, "NODE_MODULES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="`make`"):
        find_binary()
    own = tmp_path / "anvil"
    own.touch()
    own.chmod(stat.S_IRWXU)
    assert find_binary() == str(own)


async def test_stopping_ends_the_process() -> None:
    running = await start_anvil()
    await running.stop()
    assert running.process.poll() is not None


async def test_at_seis_pace_a_receipt_takes_a_block_and_blocks_are_shared() -> None:
    running = await start_anvil()
    try:
        async with connected(running.rpc_url) as w3:
            one, two = KeyedAccount(w3, DEPLOYER_KEY), KeyedAccount(w3, FAUCET_KEY)
            async with sei_pace(running):
                assert 0.39 < await timed(one.transact(two.address, value=1)) < 0.8
                assert await w3.eth.block_number == 1
                together = asyncio.gather(
                    one.transact(two.address, value=1), two.transact(one.address, value=1)
                )
                assert 0.39 < await timed(together) < 0.8
                assert await w3.eth.block_number == 2
            assert await timed(one.transact(two.address, value=1)) < 0.3
    finally:
        await running.stop()


async def test_a_transaction_left_waiting_is_mined_when_the_pace_begins() -> None:
    running = await start_anvil()
    try:
        async with connected(running.rpc_url) as w3:
            await w3.provider.make_request("evm_setAutomine", [False])
            account = KeyedAccount(w3, DEPLOYER_KEY)
            waiting = asyncio.create_task(account.transact(account.address))
            async with asyncio.timeout(5):
                while await w3.eth.get_transaction_count(account.address, "pending") == 0:
                    pass
                async with sei_pace(running, block_time_s=0.01):
                    await waiting
    finally:
        await running.stop()


async def test_reads_hold_while_blocks_are_mined() -> None:
    running = await start_anvil()
    try:
        async with connected(running.rpc_url) as w3:
            account = KeyedAccount(w3, DEPLOYER_KEY).address

            async def mine() -> None:
                for _ in range(100):
                    await w3.provider.make_request("evm_mine", [])

            async def read() -> None:
                for _ in range(60):
                    await w3.eth.estimate_gas({"from": account, "to": account})

            await asyncio.gather(mine(), *(read() for _ in range(5)))
    finally:
        await running.stop()

"""docs/keys.md, command by command: keys replaced under a service that has work under way."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from pydantic import SecretStr
from web3 import AsyncHTTPProvider, AsyncWeb3

import db
from bot.app.deploy import deploy
from bot.app.keys import keys_of
from bot.app.run import real_service
from bot.app.service import Service
from bot.chain.artifacts import REPOSITORY
from bot.chain.bindings import load_abi
from bot.chain.deployer import KeyedAccount, connected
from bot.chain.deployment import Deployment
from bot.chain.rpc import Rpc
from bot.chain.sender import RpcExecutor
from bot.chain.signer import Signer
from bot.clock import SystemClock
from bot.domain.money import Amount, Bps
from bot.domain.people import Agent, AgentState, UserId
from bot.domain.trade import Intent, IntentId, IntentKind, IntentState, Order, Receipt
from bot.local.chain.accounts import DEPLOYER_KEY
from bot.ports.chain import ChainRefusedError
from bot.ports.ledger import Step
from bot.ports.records import UserSettings
from bot.settings import Settings
from tests.e2e.ground import OWNER, STRANGER, STRANGER_KEY
from tests.e2e.pages import CAST, Terminal, sections
from tests.e2e.test_commands import edges

pytestmark = pytest.mark.skipif(
    not CAST.exists(), reason="cast is not installed: npm ci in contracts/proofs"
)

PARTS = sections(REPOSITORY / "docs" / "keys.md")
EMERGENCY, SERVER_KEY, SEED = "First, in an emergency", "The server's key", "ACTOR_SEED"
GUARDIAN, ADMIN = "The guardian", "The admin"
(INTRODUCTION,) = PARTS[""]
ANN = UserId(7)
NEW_KEY = "0x" + "44" * 32
_NAP_S = 0.05


@dataclass
class Place:
    """An operator's machine: a chain, a deployment on it, the bot's folder and settings."""

    folder: Path
    variables: dict[str, str]
    w3: AsyncWeb3[AsyncHTTPProvider]

    @property
    def settings(self) -> Settings:
        values: dict[str, Any] = {
            name.lower(): text for name, text in self.variables.items() if text
        }
        return Settings(_env_file=None, data_dir=self.folder, **values)

    @property
    def deployment(self) -> Deployment:
        return Deployment.load(self.folder / "deployments" / "local.json")

    @property
    def server(self) -> str:
        address: str = Account.from_key(self.variables["PVT_KEY"]).address
        return address

    def terminal(self, key: str = DEPLOYER_KEY, **more: str) -> Terminal:
        folder = self.folder / f"terminal-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        values = {
            "ETH_RPC_URL": self.variables["SEI_RPC_URL"],
            "ORCHESTRATOR": self.deployment.orchestrator,
            "GUARDIAN": STRANGER,
            "NEW_ADMIN": STRANGER,
        }
        settings = {**self.variables, "DATA_DIR": str(self.folder), **more}
        return Terminal(folder, values, {"private key": key}, settings, cwd=self.folder)

    async def ask(self, contract: str, to: str, name: str, *arguments: object) -> Any:
        method = load_abi(contract).methods[name]
        data: Any = f"0x{method.encode(*arguments).hex()}"
        answer = await self.w3.eth.call({"to": self.w3.to_checksum_address(to), "data": data})
        values = method.decode(bytes(answer))
        return values[0] if len(values) == 1 else values

    async def role(self, name: str) -> str:
        """Who has a role, checksummed."""
        found = await self.ask("CaretOrchestrator", self.deployment.orchestrator, name)
        return self.w3.to_checksum_address(found)

    async def is_paused(self) -> bool:
        found: bool = await self.ask(
            "CaretOrchestrator", self.deployment.orchestrator, "tradingPaused"
        )
        return found


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with edges() as (_, variables), connected(variables["SEI_RPC_URL"]) as w3:
        here = Place(tmp_path, variables, w3)
        settings = here.settings.model_copy(update={"deployer_key": SecretStr(DEPLOYER_KEY)})
        await deploy(settings)
        rich = KeyedAccount(w3, DEPLOYER_KEY)
        for account in (here.server, Account.from_key(NEW_KEY).address, STRANGER):
            await rich.transact(w3.to_checksum_address(account), value=100 * 10**18)
        yield here


@asynccontextmanager
async def books(place: Place) -> AsyncIterator[tuple[db.Database, RpcExecutor]]:
    """The bot's database and its way to sign, as the settings have it now."""
    settings, clock = place.settings, SystemClock()
    keys, rpc = keys_of(settings), Rpc(place.variables["SEI_RPC_URL"])
    database = await db.open(settings.database, clock)
    orchestrator = place.deployment.orchestrator
    signer = Signer(keys.server, keys.seeds)
    try:
        yield (
            database,
            RpcExecutor(rpc, signer, clock, chain_id=31337, orchestrator=orchestrator),
        )
    finally:
        await database.close()
        await rpc.close()


async def open_agent(place: Place, name: str) -> Agent:
    """An agent with an escrow on the chain and the default mandate, as the bot opens one."""
    async with books(place) as (database, executor):
        terms = UserSettings(Bps(100), Decimal(50), Decimal(200), "en")
        await database.people.save_user(ANN, "Ann", None, terms)
        exit_hash = "0x" + "11" * 32
        agent = await database.agents.create_agent(ANN, name, "", OWNER, exit_hash)
        actor, version = executor.derive_actor(ANN, agent.id)
        await database.agents.save_actor(agent.id, actor, version)
        found = await database.agents.load_agent(agent.id)
        assert found
        sei = place.deployment.sei
        intent = intent_of(found, IntentKind.OPEN_AGENT, executor.server, sei.amount(Decimal(1)))
        await drive(database, executor, intent, found)
        found = await database.agents.load_agent(agent.id)
        assert found
        return found


def intent_of(agent: Agent, kind: IntentKind, account: str, amount: Amount) -> Intent:
    now = SystemClock().now()
    return Intent(
        id=IntentId(f"{kind}.{agent.id}.{now.timestamp()}"),
        kind=kind,
        state=IntentState.CONFIRMED,
        user_id=agent.user_id,
        agent_id=agent.id,
        chat_id=ANN,
        account=account,
        sequence=0,
        side=None,
        order=Order(amount),
        notional_usd=Decimal(0),
        expires_at=now + timedelta(hours=1),
        created_at=now,
        updated_at=now,
        correlation_id="test",
    )


async def sign(
    database: db.Database, executor: RpcExecutor, intent: Intent, agent: Agent
) -> Intent:
    """Journal an intent as signed, and send nothing."""
    gas = await executor.simulate(intent, agent)
    nonce = await executor.read_nonce(intent.account)
    signed = await executor.sign(intent, agent, nonce, gas)
    await database.journal.save_proposal(intent)
    step = Step(IntentState.CONFIRMED, IntentState.SIGNED, SystemClock().now(), signed=signed)
    found = await database.journal.advance(intent.id, step)
    assert found
    return found


async def drive(database: db.Database, executor: RpcExecutor, intent: Intent, agent: Agent) -> None:
    """Take an opening to its end."""
    intent = await sign(database, executor, intent, agent)
    assert intent.signed
    await executor.send(intent.signed)
    receipt: Receipt | None = None
    while receipt is None:
        await asyncio.sleep(_NAP_S)
        receipt = await executor.read_receipt(intent, agent)
    now = SystemClock().now()
    steps = [
        Step(IntentState.SIGNED, IntentState.MINED, now, receipt=receipt),
        Step(
            IntentState.MINED,
            IntentState.SETTLED,
            now,
            escrow=receipt.escrow,
            escrow_index=receipt.index,
        ),
    ]
    for step in steps:
        assert await database.journal.advance(intent.id, step)


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    for _ in range(2_000):
        if await condition():
            return
        await asyncio.sleep(_NAP_S)
    raise AssertionError("it never came true")


async def nothing_open(service: Service) -> bool:
    return not await service.parts.journal.load_open()


async def state_of(place: Place, intent: Intent) -> tuple[IntentState, str]:
    async with books(place) as (database, _):
        found = await database.journal.load_intent(intent.id)
    assert found
    return found.state, found.reason


async def test_every_command_of_the_page_is_in_a_part_that_is_tried() -> None:
    assert {title for title, blocks in PARTS.items() if blocks} == {
        *("", EMERGENCY, SERVER_KEY, SEED, GUARDIAN, ADMIN)
    }


async def test_the_server_is_replaced_under_work_that_is_under_way(place: Place) -> None:
    cut_off, rotate = PARTS[SERVER_KEY]
    agent = await open_agent(place, "Alpha")
    old, sei = place.server, place.deployment.sei
    rich = KeyedAccount(place.w3, DEPLOYER_KEY)
    await rich.transact(place.w3.to_checksum_address(agent.escrow), value=5 * 10**18)
    one = sei.amount(Decimal(1))
    signed = intent_of(agent, IntentKind.WITHDRAW, old, one)
    unsigned = intent_of(agent, IntentKind.WITHDRAW, old, one)
    async with books(place) as (database, executor):
        await sign(database, executor, signed, agent)
        await database.journal.save_proposal(unsigned)

    screen = await place.terminal().run_all([INTRODUCTION, cut_off])
    assert "1 (success)" in screen
    assert int(await place.role("server"), 16) == 0

    place.variables["PVT_KEY"] = NEW_KEY
    new = place.server
    screen = await place.terminal().run(rotate, ends_with=1)
    assert "there is no DEPLOYER_KEY here" in screen
    assert f"setServer({new})" in screen
    assert "Cannot" not in screen
    assert place.deployment.server == old

    screen = await place.terminal(DEPLOYER_KEY=DEPLOYER_KEY).run(rotate)
    assert await place.role("server") == new == place.deployment.server
    assert "1 signed" in screen
    assert "1 unsigned" in screen
    again = await place.terminal().run(rotate)
    assert f"{new} is the server on the chain" in again

    async with real_service(place.settings) as service:
        await until(lambda: nothing_open(service))
        screen = await place.terminal().run(rotate, ends_with=2)
        assert "in use by another" in screen
    assert (await state_of(place, signed))[0] is IntentState.REVERTED
    assert await state_of(place, unsigned) == (IntentState.REFUSED, "NotServer")
    assert await place.w3.eth.get_balance(place.w3.to_checksum_address(agent.escrow)) == 5 * 10**18

    place.variables["PVT_KEY"] = DEPLOYER_KEY
    screen = await place.terminal().run(rotate, ends_with=2)
    assert "PVT_KEY is the admin's key" in screen


def read_settings(file: Path) -> Mapping[str, str]:
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


async def test_a_new_seed_leaves_old_agents_as_they_are_until_it_has_leaked(place: Place) -> None:
    routine, after_leak = PARTS[SEED]
    first_seed, drawn = place.variables["ACTOR_SEED"], place.deployment.sei.amount(Decimal(1))
    first = await open_agent(place, "Alpha")
    screen = await place.terminal().run(routine)
    changed = read_settings(place.folder / "new-seed.env")
    assert "1 agent can go on" in screen
    assert changed["ACTOR_SEED"] not in screen
    assert changed["ACTOR_SEED_VERSION"] == "2"
    assert changed["ACTOR_SEED_OLD"] == f"1:{first_seed}"
    assert "there already" in await place.terminal().run(routine, ends_with=2)

    place.variables |= changed
    second = await open_agent(place, "Beta")
    assert (first.seed_version, second.seed_version) == (1, 2)
    async with books(place) as (_, executor):
        for agent in (first, second):
            intent = intent_of(agent, IntentKind.FUND_ACTOR, agent.actor, drawn)
            assert (await executor.sign(intent, agent, 0, 100_000)).account == agent.actor

    screen = await place.terminal().run(after_leak)
    assert "Retired 2 agents" in screen
    changed = read_settings(place.folder / "after-leak.env")
    assert changed["ACTOR_SEED_VERSION"] == "3"
    assert changed["ACTOR_SEED_OLD"] == ""

    place.variables |= changed
    async with real_service(place.settings) as service:
        await until(lambda: nothing_open(service))
        for agent in (first, second):
            found = await service.services.agents.load_agent(agent.id)
            assert found
            assert found.state is AgentState.PAUSED
            assert await place.ask("CaretEscrow", agent.escrow, "stopped") == (True, False)
            intent = intent_of(agent, IntentKind.FUND_ACTOR, agent.actor, drawn)
            with pytest.raises(ChainRefusedError, match="NoActorSeed"):
                await service.parts.executor.simulate(intent, replace(found))
        assert service.parts.executor.derive_actor(ANN, 99)[1] == 3


async def test_guardian_and_admin_do_what_the_page_says(place: Place) -> None:
    pause, resume = PARTS[EMERGENCY]
    name_guardian, see_guardian = PARTS[GUARDIAN]
    offer, accept, see_admin = PARTS[ADMIN]
    admin, guardian = place.terminal(), place.terminal(STRANGER_KEY)
    await guardian.run(INTRODUCTION)
    await admin.run_all([INTRODUCTION, name_guardian])
    assert STRANGER in await admin.run(see_guardian)
    await guardian.run(pause)
    assert await place.is_paused()
    await admin.run(resume)
    assert not await place.is_paused()

    before = await place.role("owner")
    await admin.run(offer)
    assert before in await admin.run(see_admin)
    await guardian.run(accept)
    assert STRANGER in await admin.run(see_admin)

    place.variables["PVT_KEY"] = NEW_KEY
    rotate = PARTS[SERVER_KEY][1]
    screen = await place.terminal(DEPLOYER_KEY=DEPLOYER_KEY).run(rotate, ends_with=1)
    assert "DEPLOYER_KEY is not its key" in screen
    assert "data   0x" in screen

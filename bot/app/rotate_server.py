"""`sei-trader rotate-server`: make PVT_KEY's account the orchestrator's server. Stop the bot first.

The order is: the chain, then the record. Broken off in between, it is run again.
"""

from eth_typing import HexStr
from eth_utils.address import to_checksum_address
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.types import TxParams

import db
from bot.app.edges import chain_id, chain_url, deployment_path
from bot.app.process import alone, say
from bot.chain.bindings import load_abi
from bot.chain.deployer import KeyedAccount, chain_errors, connected
from bot.chain.deployment import Deployment
from bot.chain.signer import address_of
from bot.clock import SystemClock
from bot.domain.errors import SettingsError
from bot.domain.trade import IN_FLIGHT
from bot.settings import Settings

_SEI = 10**18
_LOW_SEI = 1


async def rotate_server(settings: Settings) -> int:
    """Replace the server; 1 where somebody else has to make the call first.

    Raises:
        SettingsError: the key is another role's, nothing is deployed, or the bot is running.
        UpstreamError: the chain refused or did not answer; run it again.
    """
    if settings.pvt_key is None:
        raise LookupError("settings are checked before they are used")
    new = address_of(settings.pvt_key.get_secret_value())
    path = deployment_path(settings)
    with alone(settings.data_dir):
        deployment = Deployment.load(path)
        async with connected(chain_url(settings)) as w3:
            admin = await _check(w3, settings, deployment, new)
            if not await _set_server(w3, settings, deployment, new):
                return 1
            await _tell_balances(w3, deployment.server, new)
        old = deployment.server
        deployment.model_copy(update={"server": new, "admin": admin}).save(path)
        say(f"Recorded in {path}. Copy that folder to the server, if it is another machine.")
        if old != new:
            await _tell_open(settings, old)
    return 0


async def _check(
    w3: AsyncWeb3[AsyncHTTPProvider], settings: Settings, deployment: Deployment, new: str
) -> str:
    """The admin, as the chain knows it; the new server must have no other part."""
    async with chain_errors("reading the roles"):
        found = await w3.eth.chain_id
        if found != chain_id(settings):
            raise SettingsError(
                f"SEI_RPC_URL is a node of chain {found}, SEI_NETWORK means {chain_id(settings)}"
            )
        admin, guardian = [
            await _read(w3, deployment.orchestrator, name) for name in ("owner", "guardian")
        ]
    if new == admin:
        raise SettingsError("PVT_KEY is the admin's key: use a key of its own for the server.")
    if new == guardian:
        raise SettingsError("PVT_KEY is the guardian's key: use a key of its own for the server.")
    return admin


async def _set_server(
    w3: AsyncWeb3[AsyncHTTPProvider], settings: Settings, deployment: Deployment, new: str
) -> bool:
    """Have the chain know the new server; False where it is not ours to say so."""
    orchestrator = deployment.orchestrator
    async with chain_errors("reading the roles"):
        server = await _read(w3, orchestrator, "server")
        admin = await _read(w3, orchestrator, "owner")
    if server == new:
        say(f"{new} is the server on the chain.")
        return True
    data = load_abi("CaretOrchestrator").methods["setServer"].encode(new)
    key = settings.deployer_key
    if key is None or address_of(key.get_secret_value()) != admin:
        why = "DEPLOYER_KEY is not its key" if key else "there is no DEPLOYER_KEY here"
        say(
            f"The admin of the orchestrator is {admin}, and {why}. If it is a Safe, make this call "
            f"from it:\n  to     {orchestrator}\n  value  0\n  data   0x{data.hex()}\nIt is "
            f"setServer({new}). Then run this again: the record still names {deployment.server}."
        )
        return False
    account = KeyedAccount(w3, key.get_secret_value())
    receipt = await account.transact(to_checksum_address(orchestrator), HexStr(f"0x{data.hex()}"))
    say(
        f"The server is {new} from now on, and {server} is none any more "
        f"[{receipt['transactionHash'].to_0x_hex()}]."
    )
    return True


async def _tell_balances(w3: AsyncWeb3[AsyncHTTPProvider], old: str, new: str) -> None:
    async with chain_errors("reading balances"):
        held = [await w3.eth.get_balance(to_checksum_address(a)) for a in (old, new)]
    if old != new and held[0]:
        say(f"The old account {old} still holds {held[0] / _SEI:.3f} SEI, which its key can move.")
    if held[1] < _LOW_SEI * _SEI:
        say(
            f"The new account holds {held[1] / _SEI:.3f} SEI: it pays for openings, mandates and "
            "withdrawals, so send it some."
        )


async def _tell_open(settings: Settings, old: str) -> None:
    """What the next start does with what was under way under the old key."""
    books = settings.data_dir / "bot.db"
    if settings.database_url is None and not books.exists():
        say("The bot's books are not here: what was under way is dealt with at its next start.")
        return
    database = await db.open(settings.database, SystemClock())
    try:
        intents = [i for i in await database.journal.load_open() if i.account == old]
    finally:
        await database.close()
    signed = sum(intent.state in IN_FLIGHT for intent in intents)
    say(
        f"Under way with the old key: {signed} signed, which the next start follows to the chain's "
        "verdict (what was not mined before the change is undone there, and costs gas only), and "
        f"{len(intents) - signed} unsigned, which it refuses and tells their owners of. No money "
        "moves by either."
    )


async def _read(w3: AsyncWeb3[AsyncHTTPProvider], orchestrator: str, name: str) -> str:
    method = load_abi("CaretOrchestrator").methods[name]
    call: TxParams = {
        "to": to_checksum_address(orchestrator),
        "data": HexStr(f"0x{method.encode().hex()}"),
    }
    return to_checksum_address(method.decode(bytes(await w3.eth.call(call)))[0])

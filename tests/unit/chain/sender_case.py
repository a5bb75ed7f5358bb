"""An agent, its escrow and intents, for the tests of the sender."""

from datetime import timedelta
from decimal import Decimal

from eth_account import Account

from bot.chain.signer import Signer
from bot.domain.money import Amount, Token
from bot.domain.people import Agent, AgentId, AgentState, UserId
from bot.domain.trade import Intent, IntentId, IntentKind, IntentState, Order
from tests.fakes.clock import START

SEI = Token("SEI", Account.from_key(b"\x51" * 32).address, 18, is_wrapped_native=True)
USDC = Token("USDC", Account.from_key(b"\x52" * 32).address, 6)
ADAPTER = Account.from_key(b"\x53" * 32).address
ESCROW = Account.from_key(b"\x54" * 32).address
OWNER = Account.from_key(b"\x55" * 32).address
ORCHESTRATOR = Account.from_key(b"\x56" * 32).address
SIGNER = Signer(b"\x57" * 32, {1: b"\x58" * 32})
GWEI = 10**9

AGENT = Agent(
    id=AgentId(4),
    user_id=UserId(5),
    name="a",
    instructions="",
    owner=OWNER,
    actor=SIGNER.actor_address(5, 4, 1),
    escrow=ESCROW,
    seed_version=1,
    state=AgentState.ACTIVE,
    created_at=START,
)
SWAP = Order(
    sell=Amount(USDC, 25),
    expected_buy=Amount(SEI, 110),
    min_buy=Amount(SEI, 100),
    adapter=ADAPTER,
    data=b"route",
)


def intent_of(kind: IntentKind, order: Order = SWAP) -> Intent:
    by_server = kind not in (IntentKind.SWAP, IntentKind.FUND_ACTOR)
    return Intent(
        id=IntentId("i"),
        kind=kind,
        state=IntentState.CONFIRMED,
        user_id=5,
        agent_id=4,
        chat_id=1,
        account=SIGNER.server if by_server else AGENT.actor,
        sequence=9,
        side=None,
        order=order,
        notional_usd=Decimal(0),
        expires_at=START + timedelta(minutes=1),
        created_at=START,
        updated_at=START,
        correlation_id="",
    )

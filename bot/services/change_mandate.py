"""Bring in, revoke and drop mandates; pause the deployment on the chain. The server pays the gas.

None of it moves money or widens anything: a mandate counts because its owner signed it.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bot.domain.errors import UserError
from bot.domain.mandate import EscrowState, Mandate, SignedMandate, SignedRevocation
from bot.domain.money import Amount, Token
from bot.domain.people import Agent
from bot.domain.trade import OPEN, Intent, IntentKind, IntentState, Order
from bot.ports.chain import EscrowReader, Executor, Signatures
from bot.ports.clock import Clock
from bot.ports.ledger import Journal
from bot.ports.records import Agents, Mandates
from bot.services.execute import Execute
from bot.services.intents import Origin, new_intent_id

_FOREVER = timedelta(days=36_500)
_LOOK_BACK = 100


@dataclass(frozen=True, slots=True)
class ChangeMandate:
    """Journals what owners signed, and what the server may say no to, and starts it."""

    clock: Clock
    journal: Journal
    agents: Agents
    mandates: Mandates
    escrows: EscrowReader
    signatures: Signatures
    executor: Executor
    execute: Execute
    native: Token

    async def find(self, agent: Agent, state: EscrowState) -> Mandate | None:
        """The mandate an escrow's state names; None is the default one, or one nobody knows.

        One that somebody else brought in is looked up on the chain and kept.
        """
        if not state.word:
            return None
        kept = await self.mandates.load_mandate(agent.id, state.word)
        if kept is None and (found := await self.escrows.find_mandate(agent.escrow, state.word)):
            await self.mandates.save_mandate(agent.id, state.word, found)
            return found
        return kept

    def require_key(self, agent: Agent) -> None:
        """Refuse whatever would lead on with an agent that can never trade again.

        Raises:
            UserError: its actor's key is not ours any more, as after a leaked seed.
        """
        if not self.executor.holds_key_of(agent):
            raise UserError(
                f"The key of {agent.name} was retired, so it can never trade again, and nothing "
                "should be paid in or signed for it. Withdraw what it holds to its owner "
                "(/withdraw), and open a new agent."
            )

    async def set(self, agent: Agent, signed: SignedMandate, origin: Origin) -> Intent:
        """Bring in a mandate; an `outcome` notice tells when it is in force.

        Raises:
            UserError: the owner did not sign it, or the agent's key is retired.
            UpstreamError: the chain did not answer.
        """
        self.require_key(agent)
        message = self.signatures.type_mandate(agent.escrow, signed.mandate)
        if not await self.signatures.is_signed(agent.owner, message, signed.signature):
            raise _not_signed(agent)
        word = self.signatures.word_of(signed.mandate)
        await self.mandates.save_mandate(agent.id, word, signed.mandate)
        order = Order(self._nothing(), mandate=signed.mandate, signature=signed.signature)
        return await self._start(IntentKind.SET_MANDATE, agent, order, origin)

    async def revoke(self, agent: Agent, signed: SignedRevocation, origin: Origin) -> Intent:
        """Bring in a revocation; an `outcome` notice tells when it holds.

        Raises:
            UserError: the owner did not sign it.
            UpstreamError: the chain did not answer.
        """
        message = self.signatures.type_revocation(agent.escrow, signed.nonce)
        if not await self.signatures.is_signed(agent.owner, message, signed.signature):
            raise _not_signed(agent)
        order = Order(self._nothing(), nonce=signed.nonce, signature=signed.signature)
        return await self._start(IntentKind.REVOKE_MANDATE, agent, order, origin)

    async def drop(self, agent: Agent, origin: Origin) -> Intent:
        """End the mandate in force without the owner's signature, as the server may.

        Safe to repeat: one that is under way is enough, unless a mandate may come in behind it.
        """
        under_way = await self._under_way(IntentKind.DROP_MANDATE, agent)
        if under_way and not await self._under_way(IntentKind.SET_MANDATE, agent):
            return under_way
        return await self._start(IntentKind.DROP_MANDATE, agent, Order(self._nothing()), origin)

    async def pause_chain(self, origin: Origin) -> Intent:
        """Stop every escrow of the deployment on the chain. Only the admin's key resumes.

        Every intent belongs to an agent: the oldest one lends its name.

        Raises:
            UserError: no escrow is open, so there is nothing to stop.
        """
        live = await self.agents.load_live()
        if not live:
            raise UserError("No escrow is open yet, so there is nothing to stop on the chain.")
        if under_way := await self._under_way(IntentKind.PAUSE_CHAIN, live[0]):
            return under_way
        return await self._start(IntentKind.PAUSE_CHAIN, live[0], Order(self._nothing()), origin)

    async def _under_way(self, kind: IntentKind, agent: Agent) -> Intent | None:
        recent = await self.journal.load_recent(agent.id, sorted(OPEN), _LOOK_BACK)
        return next((intent for intent in recent if intent.kind is kind), None)

    async def _start(self, kind: IntentKind, agent: Agent, order: Order, origin: Origin) -> Intent:
        now = self.clock.now()
        intent = Intent(
            id=new_intent_id(),
            kind=kind,
            state=IntentState.CONFIRMED,
            user_id=origin.user.id,
            agent_id=agent.id,
            chat_id=origin.chat_id,
            account=self.executor.server,
            sequence=0,
            side=None,
            order=order,
            notional_usd=Decimal(0),
            expires_at=now + _FOREVER,
            created_at=now,
            updated_at=now,
            correlation_id=origin.correlation_id,
        )
        await self.journal.save_proposal(intent)
        self.execute.start(intent)
        return intent

    def _nothing(self) -> Amount:
        return Amount(self.native, 0)


def _not_signed(agent: Agent) -> UserError:
    return UserError(
        f"That is not the signature of {agent.owner}, the owner of {agent.name}. Nothing was sent."
    )

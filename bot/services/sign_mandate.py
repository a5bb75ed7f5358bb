"""An agent's mandate as its owner sees, signs, replaces and revokes it on the wallet page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.errors import UserError
from bot.domain.mandate import EscrowState, Mandate, SignedMandate, SignedRevocation, usd_of
from bot.domain.people import Agent
from bot.domain.trade import Denied, DeniedReason, Intent, IntentKind, IntentState
from bot.policy.addresses import shortened
from bot.policy.mandate_choices import Choices, Offer, check_choices
from bot.policy.mandate_words import PAUSED, describe
from bot.policy.mandates import bounds_of, check_standing, room_of
from bot.ports.chain import EscrowReader, Signatures
from bot.ports.clock import Clock
from bot.services.change_mandate import ChangeMandate
from bot.services.intents import Origin
from bot.services.signing_links import Draft

SIGN_WITHIN = timedelta(hours=1)

_STANDING = {
    DeniedReason.EXITED: "The exit code of this escrow was used: nothing is traded here any more.",
    DeniedReason.NO_MANDATE: "No mandate is in force: the agent may not trade.",
    DeniedReason.UNKNOWN_MANDATE: "A mandate is in force that I do not know, so I do not trade.",
    DeniedReason.MANDATE_EXPIRED: "The mandate has ended: the agent may not trade.",
}

_REFUSALS = {
    "NonceTooLow": "another mandate or revocation came first. Reload the page and sign again",
    "SignatureTooLate": "it was signed more than an hour ago. Sign again",
    "MandateNotIssuedYet": "the chain's clock is behind. Try again in a minute",
    "MandateExpired": "its end has passed",
    "NotSignedByOwner": "the escrow does not take that signature for its owner's",
    "Exited": "the exit code of this escrow was used",
    "InsufficientFunds": "the server has no SEI for gas. An admin has to look",
    "network": "the Sei network is closed to me right now. An admin has to look",
}

_STATES = {
    IntentState.CONFIRMED: "waiting",
    IntentState.SIGNED: "waiting",
    IntentState.SENT: "sent",
    IntentState.MINED: "sent",
    IntentState.SETTLED: "done",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """A mandate's figures as people read them."""

    trade_usd: Decimal
    volume_usd: Decimal
    loss_usd: Decimal
    slippage_pct: Decimal


@dataclass(frozen=True, slots=True)
class MandateView:
    """What is in force. `why_not` says why nothing is traded, empty while something may be.

    `paused` says that nobody trades for now, whatever is in force; empty otherwise.
    `words` and `limits` are missing where no mandate is known; `signed` is the owner's own one.
    What is left is what remains of the day's limits now.
    """

    why_not: str
    can_sign: bool
    can_revoke: bool
    paused: str = ""
    words: str | None = None
    limits: Limits | None = None
    signed: Mandate | None = None
    volume_left_usd: Decimal | None = None
    loss_left_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How bringing something in stands: `waiting`, `sent`, `done` or `refused`."""

    kind: str
    state: str
    reason: str
    tx_hash: str


@dataclass(frozen=True, slots=True)
class SignMandate:
    """Shows mandates, writes what is to be signed, brings in what was."""

    clock: Clock
    escrows: EscrowReader
    signatures: Signatures
    change: ChangeMandate
    offer: Offer

    async def view(self, agent: Agent) -> MandateView:
        """What is in force now, in words and figures.

        Raises:
            UpstreamError: the chain did not answer.
        """
        state = await self.escrows.read_escrow(agent.escrow)
        mandate = await self.change.find(agent, state)
        lasting = replace(state, paused=False)
        verdict = check_standing(lasting, mandate, has_exit=bool(agent.exit_hash))
        reason = verdict.reason if isinstance(verdict, Denied) else None
        exists = reason not in (DeniedReason.NO_MANDATE, DeniedReason.EXITED)
        view = MandateView(
            why_not=_STANDING[reason] if reason else "",
            can_sign=not state.exited,
            can_revoke=exists and reason is not DeniedReason.MANDATE_EXPIRED,
            paused=PAUSED if state.paused else "",
        )
        if not exists or reason is DeniedReason.UNKNOWN_MANDATE:
            return view
        return self._in_force(view, state, mandate)

    async def prepare(self, agent: Agent, choices: Choices) -> Draft:
        """The mandate that these choices make, to be signed within the hour.

        Raises:
            UserError: they make no sense, the escrow takes no mandate any more, or the agent's key
                is retired.
            UpstreamError: the chain did not answer.
        """
        self.change.require_key(agent)
        now = self.clock.now().replace(microsecond=0)
        terms = check_choices(choices, self.offer, now)
        state = await self.escrows.read_escrow(agent.escrow)
        if state.exited:
            raise UserError(_STANDING[DeniedReason.EXITED])
        mandate = Mandate(
            nonce=state.nonce + 1,
            # The contract refuses a mandate from the future, by the chain's clock.
            issued_at=min(now, state.at),
            valid_until=terms.valid_until,
            sign_by=now + SIGN_WITHIN,
            slippage=terms.slippage,
            trade_cap=terms.trade_cap,
            daily_volume=terms.daily_volume,
            daily_loss=terms.daily_loss,
            tokens=terms.tokens,
            adapters=terms.adapters,
        )
        return Draft(mandate.nonce, mandate)

    async def prepare_revocation(self, agent: Agent) -> Draft:
        """The revocation of what is in force, and of what was signed but not brought in.

        The latter has the next nonce: so has the revocation.
        """
        return Draft((await self.escrows.read_escrow(agent.escrow)).nonce + 1)

    def type_draft(self, agent: Agent, draft: Draft) -> Mapping[str, object]:
        """The message for the owner's wallet."""
        if draft.mandate is None:
            return self.signatures.type_revocation(agent.escrow, draft.nonce)
        return self.signatures.type_mandate(agent.escrow, draft.mandate)

    async def bring_in(
        self, agent: Agent, draft: Draft, signature: bytes, origin: Origin
    ) -> Intent:
        """Journal and start what the owner signed.

        Raises:
            UserError: the owner did not sign it.
            UpstreamError: the chain did not answer.
        """
        if draft.mandate is None:
            revocation = SignedRevocation(draft.nonce, signature)
            return await self.change.revoke(agent, revocation, origin)
        return await self.change.set(agent, SignedMandate(draft.mandate, signature), origin)

    def describe(self, mandate: Mandate | None, now: datetime) -> str:
        """A mandate in words, with the symbols and names of this deployment."""
        symbols = {token.address: token.symbol for token in self.offer.tokens}
        return describe(
            mandate,
            lambda address: symbols.get(address) or shortened(address),
            lambda adapter: self.offer.venues.get(adapter) or shortened(adapter),
            now,
        )

    def _in_force(
        self, view: MandateView, state: EscrowState, mandate: Mandate | None
    ) -> MandateView:
        now = self.clock.now()
        bounds = bounds_of(mandate, now)
        room = room_of(state, bounds, now)
        return replace(
            view,
            words=self.describe(mandate, now),
            limits=Limits(
                usd_of(bounds.trade_cap),
                usd_of(bounds.daily_volume),
                usd_of(bounds.daily_loss),
                Decimal(bounds.slippage) / 100,
            ),
            signed=mandate,
            volume_left_usd=usd_of(room.volume),
            loss_left_usd=usd_of(room.loss),
        )


def progress_of(intent: Intent) -> Progress:
    """How far an intent of a mandate or revocation has come."""
    state = _STATES.get(intent.state, "refused")
    reason = ""
    if state == "refused":
        name = intent.reason.partition(" ")[0]
        cause = _REFUSALS.get(name, f"the chain refused it ({name})")
        reason = f"Not brought in: {cause}."
    return Progress(
        kind="revocation" if intent.kind is IntentKind.REVOKE_MANDATE else "mandate",
        state=state,
        reason=reason,
        tx_hash=intent.signed.tx_hash if intent.signed else "",
    )

"""The wallet page's door: its files, and `POST /api/wallet/...` for its questions.

A link's token comes as `Authorization: Bearer`, the session of a proven address in a header of its
own: neither ever stands in a URL.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field

from bot.domain.errors import UpstreamError, UserError
from bot.policy.mandate_choices import Choices
from bot.services.sign_mandate import Limits, MandateView, Progress
from bot.services.signing import LinkView, SignedIn, Signing
from bot.services.signing_links import (
    LinkExpiredError,
    Purpose,
    SignedOutError,
    TooManyRequestsError,
)

log = structlog.get_logger(__name__)

GetSigning = Callable[[], Signing | None]
"""The service behind the page; None while it starts."""

_STATIC: Final = Path(__file__).parent / "static" / "wallet"
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors https://web.telegram.org https://*.telegram.org"
)
"""`data:` pictures are wallets' own icons (EIP-6963). Telegram's web client shows pages framed."""


class _StartingError(UserError):
    def __init__(self) -> None:
        super().__init__("The bot is just starting. Try again in a few seconds.")


_STATUS: Final[Mapping[type[UserError], int]] = {
    LinkExpiredError: 410,
    SignedOutError: 401,
    TooManyRequestsError: 429,
    _StartingError: 503,
}
_MOST_INIT_DATA: Final = 8_192
_MOST_ADDRESSES: Final = 64
_PLAIN_BYTES: Final = 65
_PARITY: Final = 27


def _token(authorization: Annotated[str, Header()] = "") -> str:
    return authorization.removeprefix("Bearer ")


Token = Annotated[str, Depends(_token)]
Session = Annotated[str, Header(alias="x-wallet-session")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Signature = Annotated[str, Field(pattern=r"^0x([0-9a-fA-F]{2}){1,8192}$")]
Usd = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$")]
Percent = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Opening(_Strict):
    """What Telegram says of who opened the page; empty in a plain browser."""

    init_data: Annotated[str, Field(max_length=_MOST_INIT_DATA)] = ""


class Connected(_Strict):
    """The account a wallet shows."""

    address: Address


class Signed(_Strict):
    """A signature as wallets give it."""

    signature: Signature


class Chosen(_Strict):
    """A mandate's form."""

    tokens: Annotated[list[Address], Field(max_length=_MOST_ADDRESSES)]
    adapters: Annotated[list[Address], Field(max_length=_MOST_ADDRESSES)]
    trade_usd: Usd
    volume_usd: Usd
    loss_usd: Usd
    slippage_pct: Percent
    valid_until: Annotated[int, Field(ge=0, lt=1 << 40)]

    def to_choices(self) -> Choices:
        """As the services know them."""
        return Choices(
            tokens=tuple(self.tokens),
            adapters=tuple(self.adapters),
            trade_usd=Decimal(self.trade_usd),
            volume_usd=Decimal(self.volume_usd),
            loss_usd=Decimal(self.loss_usd),
            slippage_pct=Decimal(self.slippage_pct),
            valid_until=_time(self.valid_until),
        )


def add_wallet(door: FastAPI, get_signing: GetSigning) -> None:
    """Add the page, its files and its questions to a door."""
    door.add_api_route("/wallet", _answer_page, include_in_schema=False)
    door.mount("/wallet", StaticFiles(directory=_STATIC))
    door.include_router(_Questions(get_signing).routes())
    door.add_exception_handler(UserError, _answer_refusal)
    door.add_exception_handler(UpstreamError, _answer_outage)
    door.add_exception_handler(RequestValidationError, _answer_nonsense)


class _Questions:
    """What the page asks, one method a route."""

    def __init__(self, get_signing: GetSigning) -> None:
        self._get_signing = get_signing

    def routes(self) -> APIRouter:
        routes = APIRouter(prefix="/api/wallet")
        asks: dict[str, Callable[..., Any]] = {
            "/look": self.look,
            "/challenge": self.challenge,
            "/sign-in": self.sign_in,
            "/mandate": self.mandate,
            "/mandate/prepare": self.prepare,
            "/revocation/prepare": self.prepare_revocation,
            "/bring-in": self.bring_in,
            "/progress": self.progress,
        }
        for path, ask in asks.items():
            routes.add_api_route(path, ask, methods=["POST"])
        return routes

    async def look(self, token: Token, body: Opening) -> dict[str, Any]:
        return _link_json(await self._signing.look(token, body.init_data))

    async def challenge(self, token: Token, body: Connected) -> dict[str, str]:
        return {"message": await self._signing.challenge(token, body.address)}

    async def sign_in(self, token: Token, body: Signed) -> SignedIn:
        return await self._signing.answer(token, _bytes(body.signature))

    async def mandate(self, token: Token, session: Session = "") -> dict[str, Any]:
        return _mandate_json(await self._signing.view(token, session))

    async def prepare(self, token: Token, body: Chosen, session: Session = "") -> dict[str, Any]:
        return {"typed": await self._signing.prepare(token, session, body.to_choices())}

    async def prepare_revocation(self, token: Token, session: Session = "") -> dict[str, Any]:
        return {"typed": await self._signing.prepare_revocation(token, session)}

    async def bring_in(self, token: Token, body: Signed, session: Session = "") -> Progress:
        return await self._signing.bring_in(token, session, _bytes(body.signature))

    async def progress(self, token: Token, session: Session = "") -> Progress:
        return await self._signing.progress(token, session)

    @property
    def _signing(self) -> Signing:
        signing = self._get_signing()
        if signing is None:
            raise _StartingError
        return signing


async def _answer_page() -> Response:
    """The page. Its own policy lets it run its own scripts and Telegram frame it; no more."""
    headers = {
        "content-security-policy": PAGE_POLICY,
        # Only frame-ancestors can name who may frame a page.
        "x-frame-options": "",
        # Wallets open windows of their own to ask their owners.
        "cross-origin-opener-policy": "same-origin-allow-popups",
    }
    return FileResponse(_STATIC / "index.html", headers=headers)


async def _answer_refusal(_: Request, error: Exception) -> Response:
    status = _STATUS.get(type(error), 400) if isinstance(error, UserError) else 400
    return JSONResponse({"error": str(error)}, status)


async def _answer_outage(_: Request, error: Exception) -> Response:
    if isinstance(error, UpstreamError):
        log.warning("upstream", edge=error.edge, reason=error.reason)
    text = "The Sei network does not answer right now. Nothing was changed; try again in a minute."
    return JSONResponse({"error": text}, 502)


async def _answer_nonsense(_: Request, __: Exception) -> Response:
    """What was sent is not shown: it may hold a secret."""
    text = "Something in that form cannot be read. Check the figures and try again."
    return JSONResponse({"error": text}, 422)


def _link_json(view: LinkView) -> dict[str, Any]:
    site, agent, offer = view.site, view.agent, view.offer
    return {
        "purpose": view.purpose,
        "expires_at": int(view.expires_at.timestamp()),
        "done": view.done,
        "site": {
            "network": site.network,
            "chain_id": site.chain_id,
            "rpc_url": site.rpc_url,
            "explorer": site.explorer,
            "orchestrator": site.orchestrator,
            "implementation": site.implementation,
        },
        "agent": agent and {"name": agent.name, "escrow": agent.escrow, "owner": agent.owner},
        "offer": {
            "tokens": [{"symbol": t.symbol, "address": t.address} for t in offer.tokens],
            "quote": offer.quote.address,
            "venues": [{"name": name, "adapter": key} for key, name in offer.venues.items()],
        }
        if view.purpose is Purpose.MANDATE
        else None,
    }


def _mandate_json(view: MandateView) -> dict[str, Any]:
    signed = view.signed
    return {
        "why_not": view.why_not,
        "paused": view.paused,
        "can_sign": view.can_sign,
        "can_revoke": view.can_revoke,
        "words": view.words,
        "limits": view.limits and _limits_json(view.limits),
        "tokens": list(signed.tokens) if signed else None,
        "adapters": list(signed.adapters) if signed else None,
        "left": None
        if view.volume_left_usd is None or view.loss_left_usd is None
        else {"volume_usd": float(view.volume_left_usd), "loss_usd": float(view.loss_left_usd)},
    }


def _limits_json(limits: Limits) -> dict[str, float]:
    """Figures to be shown only; what is signed comes from the form."""
    return {
        "trade_usd": float(limits.trade_usd),
        "volume_usd": float(limits.volume_usd),
        "loss_usd": float(limits.loss_usd),
        "slippage_pct": float(limits.slippage_pct),
    }


def _bytes(signature: str) -> bytes:
    """As contracts take it: some wallets write the parity of a plain signature as 0 or 1."""
    given = bytes.fromhex(signature.removeprefix("0x"))
    if len(given) == _PLAIN_BYTES and given[-1] in (0, 1):
        return given[:-1] + bytes([given[-1] + _PARITY])
    return given


def _time(seconds: int) -> datetime:
    """A moment beyond the calendar is as good as its last one: too late."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)

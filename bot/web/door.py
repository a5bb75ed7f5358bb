"""The HTTP door: is it alive, the terms, the wallet page.

Only the wallet page shows what belongs to a person, to whoever has the person's link.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog
from cachetools import TTLCache
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from bot.web.bodies import BodyLimit
from bot.web.headers import HEADERS, SecurityHeaders
from bot.web.terms import render_terms
from bot.web.wallet import GetSigning, add_wallet

log = structlog.get_logger(__name__)

_HEALTH_LIFE_S: Final = 5


class EdgeState(Protocol):
    """One edge to the outside, and whether it answers now."""

    @property
    def name(self) -> str:
        """As the operator knows it."""
        ...

    @property
    def healthy(self) -> bool:
        """Whether it answers."""
        ...


States = Callable[[], Awaitable[Sequence[EdgeState]]]


def create_door(
    states: States,
    get_signing: GetSigning,
    *,
    production: bool,
    health_life_s: float = _HEALTH_LIFE_S,
) -> FastAPI:
    """The application.

    Args:
        states: asks the edges; an empty answer means that the bot is still starting.
        get_signing: the service behind the wallet page, None while it starts.
        production: no description of the API.
        health_life_s: seconds an answer of `states` is given out again, so that strangers
            cannot make us call our edges at will; 0 asks each time.
    """
    door = FastAPI(
        title="Sei Trader",
        openapi_url=None if production else "/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    door.add_middleware(BodyLimit)
    door.add_middleware(SecurityHeaders)
    door.add_exception_handler(Exception, _answer_bug)
    door.add_api_route("/health", _Health(states, health_life_s).answer)
    door.add_api_route("/api/ping", _answer_ping)
    door.add_api_route("/tnc", _answer_terms, response_class=HTMLResponse)
    add_wallet(door, get_signing)
    return door


class _Health:
    def __init__(self, states: States, life_s: float) -> None:
        self._states = states
        self._kept: TTLCache[str, Sequence[EdgeState]] = TTLCache(1, life_s)

    async def answer(self) -> Response:
        """200 while every edge answers; 503 while one does not, or while starting."""
        edges = self._kept.get("edges")
        if not edges:
            edges = self._kept["edges"] = await self._states()
        healthy = bool(edges) and all(edge.healthy for edge in edges)
        status = "ok" if healthy else "degraded" if edges else "starting"
        body = {"status": status, "edges": {edge.name: edge.healthy for edge in edges}}
        return JSONResponse(body, 200 if healthy else 503)


async def _answer_ping() -> dict[str, str]:
    """The process answers; says nothing about its edges."""
    return {"ping": "pong"}


async def _answer_terms() -> str:
    """The terms of use."""
    return render_terms()


async def _answer_bug(request: Request, error: Exception) -> Response:
    """A reference for the person, the trace for the log."""
    reference = secrets.token_hex(4)
    log.error("web_error", ref=reference, path=request.url.path, exc_info=error)
    return JSONResponse({"error": "internal error", "reference": reference}, 500, HEADERS)

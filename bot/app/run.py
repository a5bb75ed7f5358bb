"""Start and stop the process: local mode, real mode."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from bot.app.adapters import Parts, adapters
from bot.app.edges import Edge, Edges, real_edges
from bot.app.keys import keys_of, local_keys
from bot.app.process import alone, say, stop_event
from bot.app.service import Service, running, wire
from bot.app.standins import StandIns, local_edges
from bot.chain.deployer import connected
from bot.chain.deployment import verify_deployment
from bot.chat.services import EdgeStatus
from bot.clock import SystemClock
from bot.domain.errors import SettingsError
from bot.logs import configure_logs
from bot.ports.clock import Clock
from bot.services.signing import Signing
from bot.serving import serve
from bot.settings import Environment, Settings
from bot.web.door import create_door

log = structlog.get_logger(__name__)

_LOOPBACK = "127.0.0.1"
_PRIVATE = 0o077
"""Nobody else on the machine reads the books, the keys, or the chat."""

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - the door of a server, behind its own proxy


@dataclass(frozen=True, slots=True)
class Local:
    """Local mode while it runs."""

    service: Service
    standins: StandIns
    edges: Edges
    url: str


async def run_local(settings: Settings, *, at_sei_pace: bool = True) -> None:
    """Run with stand-ins for whatever is unset, until SIGINT or SIGTERM."""
    async with local_service(settings, at_sei_pace=at_sei_pace) as local:
        say(f"\nReady. Open {local.url}/ in a browser. Ctrl-C stops.\n")
        log.info("ready", network=local.service.services.facts.network)
        await _until_stopped()


async def run_real(settings: Settings) -> None:
    """Run with real edges until SIGINT or SIGTERM."""
    async with real_service(settings) as service:
        say("\nReady. Ctrl-C stops.\n")
        log.info("ready", network=service.services.facts.network)
        await _until_stopped()


@asynccontextmanager
async def local_service(
    settings: Settings,
    *,
    at_sei_pace: bool = True,
    telegram_limits: bool = True,
    clock: Clock | None = None,
    wrap: Callable[[Parts], None] | None = None,
) -> AsyncIterator[Local]:
    """Local mode as a context; tests use it too.

    `wrap` may replace adapters before the service is wired.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(alone(settings.data_dir))
        standins = StandIns(settings, clock, at_sei_pace, telegram_limits)
        holder: list[Service] = []
        port = await _open_http(stack, settings, holder, standins.routes, _LOOPBACK)
        settings = settings.model_copy(update={"port": port})
        edges = await stack.enter_async_context(local_edges(standins, local_keys(settings), port))
        service = await _start(stack, settings, edges, clock, holder, wrap)
        yield Local(service, standins, edges, f"http://{_LOOPBACK}:{port}")


@asynccontextmanager
async def real_service(
    settings: Settings, wrap: Callable[[Parts], None] | None = None
) -> AsyncIterator[Service]:
    """Real mode as a context; `wrap` may replace adapters before the service is wired."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(alone(settings.data_dir))
        edges = real_edges(settings, keys_of(settings))
        holder: list[Service] = []
        await _open_http(stack, settings, holder, [], _EVERYWHERE)
        yield await _start(stack, settings, edges, clock, holder, wrap)


async def _start(
    stack: AsyncExitStack,
    settings: Settings,
    edges: Edges,
    clock: Clock,
    holder: list[Service],
    wrap: Callable[[Parts], None] | None = None,
) -> Service:
    async with connected(edges.rpc_url) as w3:
        await verify_deployment(w3, edges.deployment)
    parts = await stack.enter_async_context(adapters(settings, edges, clock))
    if wrap is not None:
        wrap(parts)
    service = wire(settings, edges, parts)
    _report(edges.report)
    await stack.enter_async_context(running(service))
    holder.append(service)
    return service


async def _open_http(
    stack: AsyncExitStack,
    settings: Settings,
    holder: list[Service],
    routes: Sequence[BaseRoute],
    host: str,
) -> int:
    """Open the HTTP door before the rest: stand-ins live behind it. Returns its port."""

    async def states() -> Sequence[EdgeStatus]:
        return await holder[0].edges() if holder else []

    def signing() -> Signing | None:
        return holder[0].services.signing if holder else None

    production = settings.environment is Environment.PRODUCTION
    door = create_door(states, signing, production=production)
    app = Starlette(routes=[*routes, Mount("/", app=door)]) if routes else door
    try:
        serving = await serve(app, settings.port, host=host)
    except OSError as error:
        raise SettingsError(
            f"PORT {settings.port} cannot be opened ({error.strerror}): choose another"
        ) from error
    stack.push_async_callback(serving.stop)
    return serving.port


async def _until_stopped() -> None:
    await stop_event().wait()
    say("Stopping; open trades go on at the next start.")


def _report(edges: Sequence[Edge]) -> None:
    for edge in edges:
        kind = "real    " if edge.real else "stand-in"
        say(f"  {edge.name:<12} {kind}  {edge.detail}")


def prepare(settings: Settings) -> None:
    """Set up logging and file rights for the process."""
    os.umask(_PRIVATE)
    configure_logs(
        production=settings.environment is Environment.PRODUCTION, secrets=settings.secrets()
    )

"""Runs an ASGI app with uvicorn inside the event loop that is already running."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listening.set()


class Serving:
    """A server that listens; `port` is the bound one, also when 0 was asked for."""

    def __init__(self, server: _Server, bound: socket.socket, host: str) -> None:
        self._server = server
        self._bound = bound
        self._task = asyncio.create_task(server.serve(sockets=[bound]))
        self.port: int = bound.getsockname()[1]
        self.url = f"http://{host}:{self.port}"

    async def wait_listening(self) -> None:
        """Return once connections are accepted; raises what stopped the server from starting."""
        waiter = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({waiter, self._task}, return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        if self._task.done():
            self._task.result()

    async def wait_stopped(self) -> None:
        """Return when the server has ended."""
        await self._task

    async def stop(self) -> None:
        """Close the port, give open requests the grace period, then cancel them; repeatable."""
        self._server.should_exit = True
        await self._task
        self._bound.close()


async def serve(
    app: ASGIApp, port: int = 0, *, host: str = "127.0.0.1", grace_s: int = 1
) -> Serving:
    """Serve `app`; port 0 takes a free one. Raises OSError when the port is taken.

    Signals are not touched: whoever owns the process calls `stop`. The app's lifespan events
    run when it has any.
    """
    bound = _bind(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=grace_s,
        ws="none",
        interface="asgi3",
        proxy_headers=False,
    )
    serving = Serving(_Server(config), bound, host)
    await serving.wait_listening()
    return serving


def _bind(host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it an answer
    # in two writes waits 40 ms for the other side's acknowledgement.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


@contextlib.asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[Serving]:
    """Serve `app` for the length of an `async with` block."""
    serving = await serve(app, port)
    try:
        yield serving
    finally:
        await serving.stop()

"""The Bot API over aiohttp: several times cheaper per call than the library's own httpx transport.

Failures keep the one distinction that matters for messages: `NotConnectedError` means that the
request never left, anything else may have been carried out. URLs hold the bot's token, so no
error carries one, neither in its text nor in its chain.
"""

import ipaddress
import json
from asyncio import sleep, timeout
from functools import lru_cache
from io import BytesIO
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    FormData,
    TCPConnector,
)
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData
from typing_extensions import override
from yarl import URL

_UNSET: Final = BaseRequest.DEFAULT_NONE
_KEEP_ALIVE_S: Final = 30
_HANDLERS_FIRST: Final = 10
"""Turns of the event loop in which an answer made from memory is on its way."""

_UNREAD: Final = ("entities", "caption_entities", "reply_markup", "photo")
"""Of a message just sent only the id is read; turning the rest into objects costs more than
sending it did."""

_Body = FormData | bytes | None
_JSON: Final = {"Content-Type": "application/json"}


class NotConnectedError(NetworkError):
    """No connection, so nothing was sent: the one failure that is always safe to repeat."""


class AiohttpRequest(BaseRequest):
    """A python-telegram-bot transport with one pool of kept-alive connections.

    Args:
        pool_size: connections at a time; more requests wait up to `pool_timeout`.
        read_timeout: seconds without a byte of the answer.
        write_timeout: seconds an upload may take; plain calls fit into the socket's buffer.
        connect_timeout: seconds to a connection, TLS included.
        pool_timeout: seconds to wait for a free connection before `connect_timeout` starts.
        trust_env: follow HTTPS_PROXY and its kin; loopback addresses never do.
    """

    def __init__(
        self,
        *,
        pool_size: int = 256,
        read_timeout: float | None = 10,
        write_timeout: float | None = 20,
        connect_timeout: float | None = 5,
        pool_timeout: float | None = 5,
        trust_env: bool = True,
    ) -> None:
        self._pool_size = pool_size
        self._read = read_timeout
        self._write = write_timeout
        self._connect = connect_timeout
        self._pool = pool_timeout
        self._proxies = getproxies() if trust_env else {}
        self._session: ClientSession | None = None

    @property
    @override
    def read_timeout(self) -> float | None:
        """Seconds without a byte of the answer."""
        return self._read

    @staticmethod
    @override
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The Bot API's answer; of a message just sent, without its content."""
        answer = BaseRequest.parse_json_payload(payload)
        result = answer.get("result")
        if isinstance(result, dict):
            for name in _UNREAD:
                result.pop(name, None)
        return answer

    @override
    async def initialize(self) -> None:
        """Open the pool; repeatable."""
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._pool_size, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    @override
    async def shutdown(self) -> None:
        """Close the pool; repeatable."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    @override
    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = _UNSET,
        write_timeout: ODVInput[float] = _UNSET,
        connect_timeout: ODVInput[float] = _UNSET,
        pool_timeout: ODVInput[float] = _UNSET,
    ) -> tuple[int, bytes]:
        """Send one request.

        Raises:
            NotConnectedError: it was not sent.
            TimedOut: it was sent, and may have been carried out.
            NetworkError: it may have been sent, and may have been carried out.
        """
        read = _chosen(read_timeout, self._read)
        connect = _chosen(connect_timeout, self._connect)
        wait = _sum(connect, _chosen(pool_timeout, self._pool))
        limits = ClientTimeout(connect=wait, sock_connect=connect, sock_read=read)
        # aiohttp has no write timeout; only an upload can outlast the socket's buffer.
        uploads = request_data is not None and request_data.contains_files
        bound = _sum(_chosen(write_timeout, self._write), connect, read) if uploads else None
        try:
            async with timeout(bound):
                return await self._send(method, URL(url), _body(request_data), limits)
        except (TimeoutError, ClientError, OSError) as error:
            failure = _without_url(error)
        raise failure

    async def _send(
        self, method: str, target: URL, body: _Body, limits: ClientTimeout
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NotConnectedError("the transport is not initialized")
        proxy, headers = self._proxy(target), _JSON if isinstance(body, bytes) else None
        async with self._session.request(
            method, target, data=body, headers=headers, timeout=limits, proxy=proxy
        ) as response:
            return response.status, await response.read()

    def _proxy(self, target: URL) -> str | None:
        if not self._proxies or _is_loopback(target.host or ""):
            return None
        if proxy_bypass(target.host or ""):
            return None
        return self._proxies.get(target.scheme) or self._proxies.get("all")


class PollRequest(AiohttpRequest):
    """The transport of getUpdates: what the last poll brought is answered before the next one."""

    @override
    async def _send(
        self, method: str, target: URL, body: _Body, limits: ClientTimeout
    ) -> tuple[int, bytes]:
        for _ in range(_HANDLERS_FIRST):
            await sleep(0)
        return await super()._send(method, target, body, limits)


def _chosen(given: ODVInput[float], default: float | None) -> float | None:
    return default if isinstance(given, DefaultValue) else given


def _sum(*parts: float | None) -> float | None:
    """Seconds in all; unlimited as soon as one part is."""
    total = 0.0
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def _body(request_data: RequestData | None) -> _Body:
    if request_data is None:
        return None
    if not request_data.contains_files:
        # Quoting a long text for a form costs more than the rest of the call.
        return json.dumps(request_data.parameters).encode()
    form = FormData(request_data.json_parameters)
    for field, (filename, content, content_type) in request_data.multipart_data.items():
        part = BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(field, part, filename=filename, content_type=content_type)
    return form


def _without_url(error: Exception) -> TelegramError:
    name = type(error).__name__
    if isinstance(error, ConnectionTimeoutError | ClientConnectorError):
        return NotConnectedError(f"no connection ({name})")
    if isinstance(error, TimeoutError):
        return TimedOut(f"timed out ({name})")
    return NetworkError(f"connection broke ({name})")


@lru_cache(16)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""A JSON-RPC node on loopback that says exactly what a test wants, nonsense included."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.chain.rpc import Rpc

Answers = dict[str, Any]
"""Result by method; a `Failure` becomes an error object, a callable is given the parameters."""


@dataclass(frozen=True)
class Failure:
    """An error object."""

    message: str
    code: int = -32000
    data: object = None


@dataclass(frozen=True)
class Raw:
    """An HTTP body of one's own; None never answers, an empty status drops the connection."""

    body: bytes | None
    status: str = "200 OK"


DROP = Raw(b"", "")
HANG = Raw(None)


@dataclass
class Node:
    """`script` answers by method; `raw` responses come first, one a request. `rpc` is a client."""

    script: Answers = field(default_factory=dict)
    raw: list[Raw] = field(default_factory=list)
    seen: list[tuple[str, list[Any]]] = field(default_factory=list)
    requests: int = 0
    connections: int = 0
    url: str = ""
    rpc: Rpc = field(default_factory=lambda: Rpc(""))
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.seen]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                response = self._respond(await _read_body(reader))
                if response.body is None:
                    await reader.read()
                if not response.status:
                    break
                writer.write(_http(response))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _respond(self, body: bytes) -> Raw:
        self.requests += 1
        self.asked.set()
        requests = json.loads(body)
        if self.raw:
            return self.raw.pop(0)
        if isinstance(requests, dict):
            return Raw(json.dumps(self._answer(requests)).encode())
        answers = [self._answer(request) for request in requests]
        return Raw(json.dumps(list(reversed(answers))).encode())

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        method, params = request["method"], request["params"]
        self.seen.append((method, params))
        found = self.script.get(method, Failure("Method not found", -32601))
        result = found(*params) if callable(found) else found
        answer = {"jsonrpc": "2.0", "id": request["id"]}
        if not isinstance(result, Failure):
            return {**answer, "result": result}
        error = {"code": result.code, "message": result.message}
        if result.data is not None:
            error["data"] = result.data
        return {**answer, "error": error}


@asynccontextmanager
async def scripted_node(
    script: Answers | None = None, raw: Sequence[Raw] = ()
) -> AsyncIterator[Node]:
    node = Node(script or {}, list(raw))
    server = await asyncio.start_server(node.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    node.url = f"http://127.0.0.1:{port}/secret-key"
    node.rpc = Rpc(node.url)
    try:
        yield node
    finally:
        await node.rpc.close()
        server.close()


async def _read_body(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    return await reader.readexactly(int(lengths[0].split(b":")[1]))


def _http(response: Raw) -> bytes:
    body = response.body or b""
    head = f"HTTP/1.1 {response.status}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body

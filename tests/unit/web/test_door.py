from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.routing import Route

from bot.web.door import create_door
from bot.web.terms import TERMS_VERSION


@dataclass(frozen=True)
class Edge:
    name: str
    healthy: bool = True
    detail: str = "https://rpc.example/v1/s3cret-key"


@dataclass
class Edges:
    states: list[Edge] = field(default_factory=lambda: [Edge("chain"), Edge("market")])
    asked: int = 0

    async def __call__(self) -> Sequence[Edge]:
        self.asked += 1
        return list(self.states)


def client_of(edges: Edges, *, production: bool = True, life: float = 0) -> httpx.AsyncClient:
    door = create_door(edges, lambda: None, production=production, health_life_s=life)
    door.router.routes.append(Route("/broken", lambda _: dict[str, str]()["s3cret"]))
    transport = httpx.ASGITransport(door, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://door")


@pytest.fixture
def edges() -> Edges:
    return Edges()


@pytest.fixture
async def client(edges: Edges) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(edges) as client:
        yield client


async def test_healthy_while_every_edge_answers(client: httpx.AsyncClient):
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "edges": {"chain": True, "market": True}}


async def test_unhealthy_as_soon_as_one_edge_is_silent(client: httpx.AsyncClient, edges: Edges):
    edges.states[1] = Edge("market", healthy=False)
    answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "degraded", "edges": {"chain": True, "market": False}}


async def test_not_healthy_while_starting(client: httpx.AsyncClient, edges: Edges):
    edges.states.clear()
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "starting")


async def test_health_tells_strangers_no_details(client: httpx.AsyncClient):
    assert "s3cret" not in (await client.get("/health")).text


async def test_strangers_cannot_make_us_call_our_edges_at_will(edges: Edges):
    async with client_of(edges, life=1000) as client:
        for _ in range(20):
            await client.get("/health")
    assert edges.asked == 1


async def test_the_end_of_starting_is_seen_at_once(edges: Edges):
    ready, edges.states = edges.states, []
    async with client_of(edges, life=1000) as client:
        assert (await client.get("/health")).status_code == 503
        edges.states = ready
        assert (await client.get("/health")).status_code == 200


async def test_ping_asks_no_edge(client: httpx.AsyncClient, edges: Edges):
    assert (await client.get("/api/ping")).json() == {"ping": "pong"}
    assert edges.asked == 0


async def test_terms_are_a_page_with_their_version(client: httpx.AsyncClient):
    answer = await client.get("/tnc")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"Version {TERMS_VERSION}" in answer.text


@pytest.mark.parametrize("path", ["/health", "/tnc", "/api/ping", "/nowhere", "/broken"])
async def test_every_answer_is_locked_down(client: httpx.AsyncClient, path: str):
    headers = (await client.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_a_bug_becomes_a_reference(client: httpx.AsyncClient):
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["error"] == "internal error"
    assert len(answer.json()["reference"]) == 8
    assert "s3cret" not in answer.text


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_production_does_not_describe_its_api(client: httpx.AsyncClient, path: str):
    assert (await client.get(path)).status_code == 404


async def test_development_does(edges: Edges):
    async with client_of(edges, production=False) as client:
        assert "/tnc" in (await client.get("/openapi.json")).json()["paths"]

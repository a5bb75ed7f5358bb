import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from bot.chain.reader import RpcReader
from bot.chain.rpc import Ask, Rpc, parse_quantity
from bot.domain.errors import UpstreamError
from bot.domain.money import Token
from bot.ports.chain import Call, ChainRefusedError
from tests.unit.chain.scripted_node import DROP, HANG, Failure, Raw, scripted_node

LENS = "0x" + "aa" * 20
HOLDER = "0x" + "bb" * 20
USDC = Token("USDC", "0x" + "cc" * 20, 6)
PRICE = Ask("eth_gasPrice", (), parse_quantity)
HEAD = Ask("eth_blockNumber", (), parse_quantity)


@pytest.fixture(autouse=True)
def usual_depth() -> Iterator[None]:
    """Hypothesis raises the recursion limit of the whole process."""
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    yield
    sys.setrecursionlimit(raised)


def wrapped(result: object) -> Raw:
    return Raw(json.dumps({"jsonrpc": "2.0", "id": 0, "result": result}).encode())


async def test_a_batch_is_one_request_and_answers_in_the_order_asked() -> None:
    async with scripted_node({"eth_gasPrice": "0x10", "eth_blockNumber": "0x2"}) as node:
        rpc = node.rpc
        assert await rpc.batch([PRICE, HEAD, PRICE]) == [16, 2, 16]
        assert node.requests == 1


async def test_connections_are_kept() -> None:
    async with scripted_node({"eth_gasPrice": "0x10"}) as node:
        rpc = node.rpc
        for _ in range(5):
            await rpc.ask(PRICE)
        assert (node.requests, node.connections) == (5, 1)


async def test_a_huge_batch_is_split_and_put_together_again() -> None:
    async with scripted_node({"echo": lambda number: hex(number)}) as node:
        rpc = node.rpc
        asks = [Ask("echo", (number,), parse_quantity) for number in range(250)]
        assert await rpc.batch(asks) == list(range(250))
        assert node.requests == 3


async def test_one_dropped_connection_is_no_failure() -> None:
    async with scripted_node({"eth_gasPrice": "0x10"}, raw=[DROP]) as node:
        rpc = node.rpc
        assert await rpc.ask(PRICE) == 16


BAD_ANSWERS = {
    "not json": (Raw(b"<html>busy</html>"), True),
    "not utf-8": (Raw(b"\xff\xfe"), True),
    "empty": (Raw(b""), True),
    "deep": (Raw(b"[" * 3_000), True),
    "a number": (Raw(b"1"), True),
    "null": (Raw(b"null"), True),
    "an empty list": (Raw(b"[]"), True),
    "a list of numbers": (Raw(b"[1, 2]"), True),
    "no result": (Raw(b'{"jsonrpc": "2.0", "id": 0}'), True),
    "error is a string": (Raw(b'{"jsonrpc": "2.0", "id": 0, "error": "busy"}'), True),
    "error without code": (Raw(b'{"id": 0, "error": {"message": "busy"}}'), True),
    "error with odd data": (
        Raw(b'{"id": 0, "error": {"code": 1, "message": "", "data": "0xz"}}'),
        True,
    ),
    "null result": (wrapped(None), True),
    "not hexadecimal": (wrapped("0xzz"), True),
    "a float": (wrapped(1.5), True),
    "a list": (wrapped(["0x1"]), True),
    "an object": (wrapped({"a": "0x1"}), True),
    "too many requests": (Raw(b"slow down", "429 Too Many Requests"), True),
    "server fault": (Raw(b"oops", "503 Service Unavailable"), True),
    "forbidden": (Raw(b"no", "403 Forbidden"), False),
    "elsewhere": (Raw(b"", "404 Not Found"), False),
    "not http": (Raw(b"", "garbage status"), True),
    "wrong method": (Raw(b'{"id": 0, "error": {"code": -32601, "message": "no method"}}'), False),
    "busy": (Raw(b'{"id": 0, "error": {"code": -32000, "message": "server busy"}}'), True),
    "rate limit": (Raw(b'{"id": 0, "error": {"code": -32005, "message": "limit"}}'), True),
}


READS: dict[str, Callable[[Rpc], Awaitable[object]]] = {
    "ask": lambda rpc: rpc.ask(PRICE),
    "batch": lambda rpc: rpc.batch([PRICE, HEAD]),
    "gas price": lambda rpc: RpcReader(rpc, LENS).read_gas_price(),
    "native": lambda rpc: RpcReader(rpc, LENS).read_native(HOLDER),
    "head": lambda rpc: RpcReader(rpc, LENS).read_head(),
    "balances": lambda rpc: RpcReader(rpc, LENS).read_balances([HOLDER], [USDC]),
    "calls": lambda rpc: RpcReader(rpc, LENS).call_many([Call(LENS, b"1234")] * 2),
}


@pytest.mark.parametrize("read", READS)
async def test_whatever_a_node_says_only_an_upstream_error_comes_out(read: str) -> None:
    async with scripted_node() as node:
        rpc = node.rpc
        for case, (answer, _) in BAD_ANSWERS.items():
            node.raw = [answer, answer]
            with pytest.raises(UpstreamError) as failed:
                await READS[read](rpc)
            assert failed.value.edge == "chain", case
            assert "secret-key" not in f"{failed.value} {failed.value.__cause__!r}", case


@pytest.mark.parametrize("case", BAD_ANSWERS)
async def test_it_is_said_whether_trying_again_may_help(case: str) -> None:
    answer, retryable = BAD_ANSWERS[case]
    async with scripted_node(raw=[answer, answer]) as node:
        rpc = node.rpc
        with pytest.raises(UpstreamError) as failed:
            await rpc.ask(PRICE)
        assert failed.value.retryable is retryable


@pytest.mark.parametrize("wrong", ["0x", "0x01", "0x" + "00" * 31, "0x" + "ff" * 32 * 4])
async def test_a_contract_that_is_no_lens_is_no_zero_balance(wrong: str) -> None:
    async with scripted_node({"eth_call": wrong}) as node:
        rpc = node.rpc
        with pytest.raises(UpstreamError):
            await RpcReader(rpc, LENS).read_balances([HOLDER], [USDC])


async def test_a_lens_that_leaves_balances_out_is_no_zero_balance() -> None:
    too_few = "0x" + (32).to_bytes(32).hex() + (1).to_bytes(32).hex() + (5).to_bytes(32).hex()
    async with scripted_node({"eth_call": too_few}) as node:
        rpc = node.rpc
        with pytest.raises(UpstreamError):
            await RpcReader(rpc, LENS).read_balances([HOLDER], [USDC])


async def test_a_token_that_cannot_be_read_is_no_zero_balance() -> None:
    reverted = Failure("execution reverted", 3, "0x12345678")
    async with scripted_node({"eth_call": reverted}) as node:
        rpc = node.rpc
        with pytest.raises(UpstreamError):
            await RpcReader(rpc, LENS).read_balances([HOLDER], [USDC])


async def test_a_dead_node_is_noticed_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        rpc = Rpc(f"http://127.0.0.1:{taken.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(UpstreamError) as failed:
            await RpcReader(rpc, LENS).read_balances([HOLDER], [USDC])
        assert time.monotonic() - started < 1
        assert failed.value.retryable
        await rpc.close()


@pytest.mark.parametrize("read", READS)
async def test_a_node_that_hangs_is_given_up(read: str) -> None:
    async with scripted_node(raw=[HANG]) as node:
        rpc = Rpc(node.url, timeout_s=0.05)
        with pytest.raises(UpstreamError) as failed:
            await READS[read](rpc)
        assert failed.value.retryable
        await rpc.close()


async def test_a_node_that_keeps_dropping_connections_is_given_up() -> None:
    async with scripted_node(raw=[DROP] * 5) as node:
        rpc = node.rpc
        with pytest.raises(UpstreamError):
            await rpc.ask(PRICE)
        assert node.requests == 2


@pytest.mark.parametrize("url", ["", "not a url", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"])
async def test_an_address_that_is_none_is_an_upstream_error(url: str) -> None:
    rpc = Rpc(url)
    with pytest.raises(UpstreamError):
        await rpc.ask(PRICE)
    await rpc.close()


async def test_cancelling_is_not_swallowed() -> None:
    async with scripted_node(raw=[HANG]) as node:
        rpc = node.rpc
        asking = asyncio.create_task(rpc.ask(PRICE))
        await node.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_a_reverted_read_is_none_and_its_neighbours_are_fine() -> None:
    def call(request: dict[str, str], _: str) -> object:
        return "0x07" if request["data"] == "0x01" else Failure("execution reverted", 3, "0x")

    async with scripted_node({"eth_call": call}) as node:
        rpc = node.rpc
        calls = [Call(LENS, b"\x01"), Call(LENS, b"\x02"), Call(LENS, b"\x01")]
        assert await RpcReader(rpc, LENS).call_many(calls) == [b"\x07", None, b"\x07"]


async def test_a_read_the_node_did_not_run_is_never_taken_for_a_revert() -> None:
    def call(request: dict[str, str], _: str) -> object:
        return "0x07" if request["data"] == "0x01" else Failure("server busy")

    async with scripted_node({"eth_call": call}) as node:
        rpc = node.rpc
        with pytest.raises(UpstreamError):
            await RpcReader(rpc, LENS).call_many([Call(LENS, b"\x01"), Call(LENS, b"\x02")])


async def test_a_revert_of_a_single_call_has_its_name() -> None:
    async with scripted_node({"eth_gasPrice": Failure("execution reverted: nope", 3)}) as node:
        rpc = node.rpc
        with pytest.raises(ChainRefusedError) as refused:
            await rpc.ask(PRICE)
        assert refused.value.name == "nope"


def test_the_url_is_not_shown() -> None:
    assert "secret-key" not in repr(Rpc("http://127.0.0.1/secret-key"))

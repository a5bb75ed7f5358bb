"""What the sender makes of nodes; real transactions are in tests/ports/test_chain.py."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from bot.chain.bindings import load_abi
from bot.chain.sender import RpcExecutor
from bot.chain.signer import Signer
from bot.domain.errors import SettingsError, UpstreamError
from bot.domain.money import Amount
from bot.domain.trade import Intent, IntentKind, Order, Receipt, SignedTx
from bot.ports.chain import ChainRefusedError
from tests.fakes.clock import FakeClock
from tests.unit.chain.scripted_node import DROP, Answers, Failure, Node, scripted_node
from tests.unit.chain.sender_case import (
    ADAPTER,
    AGENT,
    ESCROW,
    GWEI,
    ORCHESTRATOR,
    OWNER,
    SEI,
    SIGNER,
    USDC,
    intent_of,
)

HASH_OF_ANOTHER = "0x" + "ee" * 32
CALM: Answers = {
    "eth_call": "0x",
    "eth_estimateGas": hex(200_000),
    "eth_gasPrice": hex(60 * GWEI),
    "eth_getBalance": hex(10**18),
}


def executor_on(node: Node, clock: FakeClock, chain_id: int = 1328) -> RpcExecutor:
    return RpcExecutor(node.rpc, SIGNER, clock, chain_id=chain_id, orchestrator=ORCHESTRATOR)


def fields_of(signed: SignedTx) -> dict[str, object]:
    return TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()


async def test_the_right_chain_is_fine_and_another_stops_the_start(clock: FakeClock) -> None:
    async with scripted_node({"eth_chainId": hex(1328)}) as node:
        await executor_on(node, clock).check_chain_id()
        with pytest.raises(SettingsError, match="chain 1328"):
            await executor_on(node, clock, chain_id=1329).check_chain_id()


async def test_the_gas_limit_is_a_fifth_above_the_estimate(clock: FakeClock) -> None:
    async with scripted_node(CALM) as node:
        executor = executor_on(node, clock)
        assert await executor.simulate(intent_of(IntentKind.SWAP), AGENT) == 240_000
        assert node.requests == 1


@pytest.mark.parametrize(
    ("estimate", "limit"), [(12_000_000, 12_500_000), (12_500_000, 12_500_000)]
)
async def test_the_gas_limit_stays_within_a_block(
    clock: FakeClock, estimate: int, limit: int
) -> None:
    rich = hex(10**20)
    async with scripted_node(
        {**CALM, "eth_estimateGas": hex(estimate), "eth_getBalance": rich}
    ) as node:
        assert await executor_on(node, clock).simulate(intent_of(IntentKind.SWAP), AGENT) == limit


async def test_more_gas_than_a_block_has_is_refused(clock: FakeClock) -> None:
    async with scripted_node({**CALM, "eth_estimateGas": hex(12_500_001)}) as node:
        with pytest.raises(ChainRefusedError, match="OutOfGas"):
            await executor_on(node, clock).simulate(intent_of(IntentKind.SWAP), AGENT)


async def test_gas_must_be_affordable_at_the_highest_fee(clock: FakeClock) -> None:
    need = 240_000 * 120 * GWEI
    async with scripted_node({**CALM, "eth_getBalance": hex(need)}) as node:
        executor = executor_on(node, clock)
        await executor.simulate(intent_of(IntentKind.SWAP), AGENT)
        node.script["eth_getBalance"] = hex(need - 1)
        with pytest.raises(ChainRefusedError) as refused:
            await executor.simulate(intent_of(IntentKind.SWAP), AGENT)
    assert refused.value.figures == (need - 1, need)


async def test_what_is_sent_along_must_be_affordable_too(clock: FakeClock) -> None:
    need = 240_000 * 120 * GWEI + 7
    opening = intent_of(IntentKind.OPEN_AGENT, Order(Amount(SEI, 7)))
    async with scripted_node({**CALM, "eth_getBalance": hex(need)}) as node:
        executor = executor_on(node, clock)
        assert await executor.simulate(opening, AGENT) == 240_000
        node.script["eth_getBalance"] = hex(need - 1)
        with pytest.raises(ChainRefusedError, match="InsufficientFunds"):
            await executor.simulate(opening, AGENT)


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
async def test_a_simulation_that_reverts_is_named(clock: FakeClock, method: str) -> None:
    error = load_abi("CaretEscrow").errors
    late = next(each for each in error if each.name == "DeadlinePassed")
    data = f"0x{(late.selector + encode(late.inputs, (1, 2))).hex()}"
    async with scripted_node({**CALM, method: Failure("execution reverted", 3, data)}) as node:
        with pytest.raises(ChainRefusedError) as refused:
            await executor_on(node, clock).simulate(intent_of(IntentKind.SWAP), AGENT)
    assert (refused.value.name, refused.value.figures) == ("DeadlinePassed", (1, 2))


@pytest.mark.parametrize("method", sorted(CALM))
async def test_a_simulation_that_was_not_run_is_no_refusal(clock: FakeClock, method: str) -> None:
    async with scripted_node({**CALM, method: Failure("server busy")}) as node:
        with pytest.raises(UpstreamError):
            await executor_on(node, clock).simulate(intent_of(IntentKind.SWAP), AGENT)


@pytest.mark.parametrize(("price", "highest"), [(1, 100), (50, 100), (60, 120), (900, 1800)])
async def test_fees_have_room_and_a_floor(clock: FakeClock, price: int, highest: int) -> None:
    async with scripted_node({"eth_gasPrice": hex(price * GWEI)}) as node:
        signed = await executor_on(node, clock).sign(intent_of(IntentKind.SWAP), AGENT, 3, 240_000)
    fields = fields_of(signed)
    assert fields["maxFeePerGas"] == highest * GWEI
    assert fields["maxPriorityFeePerGas"] == GWEI
    assert (fields["nonce"], fields["gas"], fields["chainId"]) == (3, 240_000, 1328)
    assert Account.recover_transaction(signed.raw) == AGENT.actor


async def test_a_price_just_read_is_not_read_again_but_an_old_one_is(clock: FakeClock) -> None:
    async with scripted_node(CALM) as node:
        executor = executor_on(node, clock)
        await executor.simulate(intent_of(IntentKind.SWAP), AGENT)
        await executor.sign(intent_of(IntentKind.SWAP), AGENT, 3, 240_000)
        assert node.requests == 1
        clock.jump(2.1)
        node.script["eth_gasPrice"] = hex(80 * GWEI)
        signed = await executor.sign(intent_of(IntentKind.SWAP), AGENT, 3, 240_000)
        assert fields_of(signed)["maxFeePerGas"] == 160 * GWEI


async def signed_swap(executor: RpcExecutor) -> Intent:
    intent = intent_of(IntentKind.SWAP)
    return replace(intent, signed=await executor.sign(intent, AGENT, 3, 240_000))


async def send_to(node: Node, clock: FakeClock) -> None:
    executor = executor_on(node, clock)
    intent = await signed_swap(executor)
    assert intent.signed is not None
    node.seen.clear()
    await executor.send(intent.signed)


async def test_an_accepted_transaction_costs_one_request(clock: FakeClock) -> None:
    async with scripted_node(CALM) as node:
        executor = executor_on(node, clock)
        intent = await signed_swap(executor)
        assert intent.signed is not None
        node.script["eth_sendRawTransaction"] = intent.signed.tx_hash
        node.seen.clear()
        await executor.send(intent.signed)
    assert node.seen == [("eth_sendRawTransaction", [f"0x{intent.signed.raw.hex()}"])]


@pytest.mark.parametrize("words", ["already known", "nonce too low", "tx already exists in cache"])
async def test_a_transaction_the_node_has_is_fine(clock: FakeClock, words: str) -> None:
    async with scripted_node({**CALM, "eth_sendRawTransaction": Failure(words)}) as node:
        await send_to(node, clock)


async def test_a_refusal_is_believed_of_a_transaction_nobody_has(clock: FakeClock) -> None:
    script = {
        **CALM,
        "eth_sendRawTransaction": Failure("insufficient funds for gas * price + value"),
        "eth_getTransactionByHash": None,
        "eth_getTransactionCount": "0x3",
    }
    async with scripted_node(script) as node:
        with pytest.raises(ChainRefusedError) as refused:
            await send_to(node, clock)
    assert refused.value.name == "InsufficientFunds"


@pytest.mark.parametrize(
    "known", [{"eth_getTransactionByHash": {"hash": "0x"}}, {"eth_getTransactionCount": "0x4"}]
)
async def test_a_refusal_is_not_believed_of_one_that_may_have_run(
    clock: FakeClock, known: Answers
) -> None:
    """Sei checks the fee before the nonce: what ran already is "insufficient funds" again."""
    script = {
        **CALM,
        "eth_sendRawTransaction": Failure(": insufficient funds"),
        "eth_getTransactionByHash": None,
        "eth_getTransactionCount": "0x3",
        **known,
    }
    async with scripted_node(script) as node:
        await send_to(node, clock)


@pytest.mark.parametrize("silent", ["eth_getTransactionByHash", "eth_getTransactionCount"])
async def test_a_refusal_that_cannot_be_checked_is_unknown(clock: FakeClock, silent: str) -> None:
    script = {
        **CALM,
        "eth_sendRawTransaction": Failure(": insufficient funds"),
        "eth_getTransactionByHash": None,
        "eth_getTransactionCount": "0x3",
        silent: Failure("server busy"),
    }
    async with scripted_node(script) as node:
        with pytest.raises(UpstreamError):
            await send_to(node, clock)


@pytest.mark.parametrize(
    "words",
    ["mempool is full", "server busy", "replacement transaction underpriced", "a new one", ""],
)
async def test_anything_else_is_unknown(clock: FakeClock, words: str) -> None:
    async with scripted_node({**CALM, "eth_sendRawTransaction": Failure(words)}) as node:
        with pytest.raises(UpstreamError) as failed:
            await send_to(node, clock)
    assert failed.value.retryable


@pytest.mark.parametrize("answer", [HASH_OF_ANOTHER, None, "0x", 7, {"hash": 1}])
async def test_an_odd_answer_to_a_send_is_unknown(clock: FakeClock, answer: object) -> None:
    async with scripted_node({**CALM, "eth_sendRawTransaction": answer}) as node:
        with pytest.raises(UpstreamError):
            await send_to(node, clock)


async def test_a_send_without_an_answer_is_unknown(clock: FakeClock) -> None:
    async with scripted_node(CALM) as node:
        executor = executor_on(node, clock)
        intent = await signed_swap(executor)
        assert intent.signed is not None
        node.raw = [DROP, DROP]
        with pytest.raises(UpstreamError):
            await executor.send(intent.signed)


RECEIPT = {
    "transactionHash": "0x" + "ab" * 32,
    "blockNumber": "0x10",
    "status": "0x1",
    "gasUsed": hex(100_000),
    "effectiveGasPrice": hex(51 * GWEI),
}


def swapped_log(
    sequence: int = 9, emitter: str = ESCROW, spent: int = 25, got: int = 104
) -> Answers:
    event = load_abi("CaretEscrow").events["Swapped"]
    topics = [event.topic, encode(["uint256"], [sequence]), encode(["address"], [ADAPTER])]
    counted = 25_000_000, 120_000
    data = encode(
        ["address", "address", *["uint256"] * 4], [USDC.address, SEI.address, spent, got, *counted]
    )
    return {
        "address": emitter.lower(),
        "topics": [f"0x{topic.hex()}" for topic in topics],
        "data": f"0x{data.hex()}",
    }


async def receipt_from(answers: Answers, clock: FakeClock) -> Receipt | None:
    async with scripted_node({**CALM, **answers}) as node:
        executor = executor_on(node, clock)
        return await executor.read_receipt(await signed_swap(executor), AGENT)


async def found_receipt(answers: Answers, clock: FakeClock) -> Receipt:
    receipt = await receipt_from(answers, clock)
    assert receipt is not None
    return receipt


@pytest.mark.parametrize(
    "answer", [None, Failure("requested height 7 is not yet available; safe latest is 6")]
)
async def test_no_receipt_yet(clock: FakeClock, answer: object) -> None:
    assert await receipt_from({"eth_getTransactionReceipt": answer}, clock) is None


async def test_a_receipt_counts_our_own_event_only(clock: FakeClock) -> None:
    logs = [
        {"address": USDC.address, "topics": [], "data": "0x"},
        swapped_log(emitter=OWNER, got=10**30),
        swapped_log(sequence=8, got=10**30),
        swapped_log(),
    ]
    receipt = await found_receipt({"eth_getTransactionReceipt": {**RECEIPT, "logs": logs}}, clock)
    assert (receipt.spent, receipt.got, receipt.block) == (25, 104, 16)
    assert receipt.gas_paid == 100_000 * 51 * GWEI


@pytest.mark.parametrize(
    "odd",
    [
        {"logs": []},
        {"logs": [swapped_log(sequence=8)]},
        {"logs": [swapped_log(emitter=OWNER)]},
        {"logs": None},
        {"logs": [{}]},
        {"logs": [{**swapped_log(), "data": "0x00"}]},
        {"logs": [swapped_log()], "status": None},
        {"logs": [swapped_log()], "effectiveGasPrice": "a lot"},
    ],
)
async def test_a_receipt_that_makes_no_sense_is_no_receipt(clock: FakeClock, odd: Answers) -> None:
    with pytest.raises(UpstreamError):
        await receipt_from({"eth_getTransactionReceipt": {**RECEIPT, **odd}}, clock)


@pytest.mark.parametrize("answer", ["", 0, [], "0x", {}, Failure("server busy")])
async def test_an_odd_answer_is_no_receipt(clock: FakeClock, answer: object) -> None:
    with pytest.raises(UpstreamError):
        await receipt_from({"eth_getTransactionReceipt": answer}, clock)


def failed(gas_used: int = 100_000) -> Answers:
    raw = {**RECEIPT, "status": "0x0", "gasUsed": hex(gas_used), "logs": []}
    return {"eth_getTransactionReceipt": raw}


async def test_a_failure_is_named_from_its_own_block(clock: FakeClock) -> None:
    def call(_: object, block: str) -> Failure:
        return Failure(
            "execution reverted: then" if block == "0x10" else "execution reverted: now", 3
        )

    receipt = await found_receipt({**failed(), "eth_call": call}, clock)
    assert (receipt.succeeded, receipt.reason) == (False, "then")


async def test_where_history_is_pruned_it_is_named_from_now(clock: FakeClock) -> None:
    def call(_: object, block: str) -> Failure:
        if block == "0x10":
            return Failure("BlockOutOfRangeError", -32602)
        return Failure("execution reverted: now", 3)

    receipt = await found_receipt({**failed(), "eth_call": call}, clock)
    assert receipt.reason == "now"


@pytest.mark.parametrize(("gas_used", "reason"), [(240_000, "OutOfGas"), (100_000, "")])
async def test_a_failure_that_does_not_show_again(
    clock: FakeClock, gas_used: int, reason: str
) -> None:
    receipt = await found_receipt({**failed(gas_used), "eth_call": "0x"}, clock)
    assert (receipt.succeeded, receipt.reason) == (False, reason)


async def test_an_account_whose_key_was_replaced_is_refused_without_a_question(
    clock: FakeClock,
) -> None:
    """As after `rotate-server`: what the old account had confirmed is never signed."""
    rotated = Signer(b"\x60" * 32, {1: b"\x58" * 32})
    async with scripted_node() as node:
        executor = RpcExecutor(node.rpc, rotated, clock, chain_id=1328, orchestrator=ORCHESTRATOR)
        withdrawal = intent_of(IntentKind.WITHDRAW, Order(Amount(USDC, 7)))
        with pytest.raises(ChainRefusedError, match="NotServer"):
            await executor.simulate(withdrawal, AGENT)

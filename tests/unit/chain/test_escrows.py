"""What the escrow readers make of nodes that fail or lie; real escrows are in tests/ports."""

from datetime import UTC
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from bot.chain.bindings import load_abi
from bot.chain.escrow_logs import LOG_SPAN, RpcEscrowLogs
from bot.chain.signatures import RpcSignatures
from bot.chain.typed import mandate_of, mandate_struct, type_mandate, word_of
from bot.domain.errors import UpstreamError
from bot.domain.mandate import Mandate, MicroUsd
from bot.domain.money import Bps
from tests.fakes.clock import START
from tests.unit.chain.scripted_node import Answers, Failure, scripted_node

ESCROW = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
OWNER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"

seconds = st.datetimes(min_value=START.replace(year=1970, tzinfo=None), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
micro = st.integers(0, 2**48 - 1).map(MicroUsd)
addresses = st.lists(st.sampled_from([ESCROW, OWNER]), max_size=5).map(tuple)
mandates = st.builds(
    Mandate,
    nonce=st.integers(0, 2**32 - 1),
    issued_at=seconds,
    valid_until=seconds,
    sign_by=seconds,
    slippage=st.integers(0, 2**16 - 1).map(Bps),
    trade_cap=micro,
    daily_volume=micro,
    daily_loss=micro,
    tokens=addresses,
    adapters=addresses,
)


# ---------------------------------------------------------------- one mandate, three shapes


@given(mandates)
def test_a_mandate_survives_the_contracts_struct(mandate: Mandate):
    assert mandate_of(mandate_struct(mandate)) == mandate


@given(mandates)
def test_a_word_ends_with_the_mandates_end(mandate: Mandate):
    word = word_of(mandate)
    assert word % 2**40 == int(mandate.valid_until.timestamp())
    assert 0 < word < 2**256


@given(mandates, mandates)
def test_words_differ_as_mandates_do(one: Mandate, other: Mandate):
    assert (word_of(one) == word_of(other)) == (one == other)


@given(mandates)
def test_a_message_names_chain_and_escrow(mandate: Mandate):
    message = type_mandate(1329, ESCROW, mandate)
    assert message["domain"]["chainId"] == 1329
    assert message["domain"]["verifyingContract"] == ESCROW
    assert message["primaryType"] == "Mandate"
    abi = next(
        entry for entry in load_abi("CaretEscrow").methods["setMandate"].inputs if "(" in entry
    )
    assert abi == f"({','.join(field['type'] for field in message['types']['Mandate'])})"


# ---------------------------------------------------------------- events


def log_of(name: str = "Revoked", **changes: object) -> dict[str, Any]:
    event = load_abi("CaretEscrow").events[name]
    return {
        "address": ESCROW.lower(),
        "topics": [f"0x{event.topic.hex()}", f"0x{encode(['uint32'], [7]).hex()}"],
        "data": "0x",
        "blockNumber": "0x10",
        "transactionHash": "0x" + "aa" * 32,
        "logIndex": "0x2",
        **changes,
    }


async def read(answers: object, first: int = 1, last: int = 20) -> list[Any]:
    async with scripted_node({"eth_getLogs": answers}) as node:
        return list(await RpcEscrowLogs(node.rpc).read_events([ESCROW], first, last))


async def test_an_event_is_read_whoever_spells_it():
    [event] = await read([log_of()])
    assert (event.emitter, event.name, dict(event.fields)) == (ESCROW, "Revoked", {"nonce": "7"})
    assert (event.block, event.log_index, event.mandate) == (16, 2, None)


async def test_an_event_we_do_not_know_is_named_by_its_topic():
    topic = "0x" + "cd" * 32
    named, bare = await read([log_of(topics=[topic]), log_of(topics=[])])
    assert (named.name, dict(named.fields)) == (topic, {})
    assert bare.name == "anonymous"


@pytest.mark.parametrize(
    "odd",
    [
        *({"topics": None}, {"data": "zz"}, {"address": "0x12"}),
        *({"blockNumber": "16"}, {"blockNumber": None}, {"logIndex": "x"}),
        {"topics": [log_of()["topics"][0]]},
        {"topics": [load_abi("CaretEscrow").events["MandateSet"].topic.hex()], "data": "0x12"},
    ],
)
async def test_a_log_that_makes_no_sense_is_no_answer(odd: Answers):
    """Nothing is skipped: the block is looked at again."""
    with pytest.raises(UpstreamError, match="chain"):
        await read([log_of(**odd)])


@pytest.mark.parametrize("answer", [None, "0x", 5, Failure("too many results"), [None]])
async def test_an_odd_answer_is_no_answer(answer: object):
    with pytest.raises(UpstreamError):
        await read(answer)


async def test_many_blocks_are_asked_for_in_spans_without_gap_or_overlap():
    asked: list[tuple[int, int]] = []

    def logs(wanted: dict[str, Any]) -> list[Any]:
        asked.append((int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)))
        return []

    await read(logs, 5, 5 + 3 * LOG_SPAN)
    assert asked == [
        (5, 4 + LOG_SPAN),
        (5 + LOG_SPAN, 4 + 2 * LOG_SPAN),
        (5 + 2 * LOG_SPAN, 4 + 3 * LOG_SPAN),
        (5 + 3 * LOG_SPAN, 5 + 3 * LOG_SPAN),
    ]


async def test_one_span_without_an_answer_is_no_answer_at_all():
    def logs(wanted: dict[str, Any]) -> object:
        return Failure("busy") if int(wanted["fromBlock"], 16) > LOG_SPAN else [log_of()]

    with pytest.raises(UpstreamError):
        await read(logs, 1, 2 * LOG_SPAN)


# ---------------------------------------------------------------- signatures of contracts


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (f"0x1626ba7e{'00' * 28}", True),
        (f"0xffffffff{'00' * 28}", False),
        ("0x", False),
        ("0x1626ba7e", False),
        (Failure("execution reverted", 3), False),
        (Failure("out of gas"), False),
    ],
)
async def test_what_a_contract_answers(answer: object, expected: bool):  # noqa: FBT001
    assert await is_signed(answer) == expected


@pytest.mark.parametrize("answer", [Failure("server busy"), None, 5, "zz", {}])
async def test_an_owner_that_cannot_be_asked_is_no_verdict(answer: object):
    with pytest.raises(UpstreamError):
        await is_signed(answer)


async def is_signed(answer: object) -> bool:
    async with scripted_node({"eth_call": answer}) as node:
        signatures = RpcSignatures(node.rpc, 1329)
        message = signatures.type_revocation(ESCROW, 1)
        return await signatures.is_signed(OWNER, message, b"\1" * 65)

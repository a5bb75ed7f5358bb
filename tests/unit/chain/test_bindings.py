from typing import cast

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import EncodingError
from eth_typing import ABIFunction
from eth_utils.crypto import keccak

from bot.chain.bindings import load_abi, parse_abi


def test_selectors_and_topics_are_the_standards() -> None:
    abi = load_abi("TestToken")
    assert abi.methods["transfer"].selector.hex() == "a9059cbb"
    assert abi.methods["balanceOf"].selector.hex() == "70a08231"
    assert abi.events["Transfer"].topic.hex() == (
        "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    )


def test_arguments_go_in_and_results_come_out() -> None:
    balance = load_abi("TestToken").methods["balanceOf"]
    holder = "0x" + "ab" * 20
    assert decode(["address"], balance.encode(holder)[4:]) == (holder,)
    assert balance.decode((7).to_bytes(32)) == (7,)


def test_an_event_gives_indexed_and_plain_fields_by_name() -> None:
    transfer = load_abi("TestToken").events["Transfer"]
    a, b = "0x" + "aa" * 20, "0x" + "bb" * 20
    topics = [transfer.topic, encode(["address"], [a]), encode(["address"], [b])]
    assert transfer.decode(topics, encode(["uint256"], [9])) == {"from": a, "to": b, "value": 9}


def test_structs_are_spelt_out() -> None:
    pair = {
        "name": "pair",
        "type": "tuple[]",
        "components": [{"name": "a", "type": "address"}, {"name": "b", "type": "uint24"}],
    }
    entry = {
        "type": "function",
        "name": "f",
        "inputs": [pair],
        "outputs": [],
        "stateMutability": "view",
    }
    assert parse_abi([cast("ABIFunction", entry)]).methods["f"].inputs == ("(address,uint24)[]",)


TRADE = (7, 2**40, "0x" + "01" * 20, "0x" + "02" * 20, "0x" + "03" * 20, 10, 9, b"\1\2\3")
MANDATE = (1, 2, 3, 4, 5, 6, 7, 8, ("0x" + "0a" * 20, "0x" + "0b" * 20), ("0x" + "0c" * 20,))
TRADE_TYPE = "(uint256,uint256,address,address,address,uint256,uint256,bytes)"
MANDATE_TYPE = "(uint32,uint40,uint40,uint40,uint16,uint48,uint48,uint48,address[],address[])"


def test_the_escrows_structs_go_in_as_tuples() -> None:
    methods = load_abi("CaretEscrow").methods
    data = methods["swap"].encode(TRADE, MANDATE)
    assert data[:4] == keccak(text=f"swap({TRADE_TYPE},{MANDATE_TYPE})")[:4]
    assert decode([TRADE_TYPE, MANDATE_TYPE], data[4:]) == (TRADE, MANDATE)
    data = methods["setMandate"].encode(list(MANDATE), b"\5")
    assert data[:4] == keccak(text=f"setMandate({MANDATE_TYPE},bytes)")[:4]
    assert decode([MANDATE_TYPE, "bytes"], data[4:]) == (MANDATE, b"\5")
    with pytest.raises(EncodingError):
        methods["swap"].encode(TRADE[:-1], MANDATE)


def test_an_event_gives_a_struct_as_a_tuple() -> None:
    event = load_abi("CaretEscrow").events["MandateSet"]
    assert event.topic == keccak(text=f"MandateSet(uint32,bytes32,{MANDATE_TYPE})")
    topics = [event.topic, encode(["uint32"], [1]), b"\7" * 32]
    assert event.decode(topics, encode([MANDATE_TYPE], [MANDATE])) == {
        "nonce": 1,
        "mandateHash": b"\7" * 32,
        "mandate": MANDATE,
    }

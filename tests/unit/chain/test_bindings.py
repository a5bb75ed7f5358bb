from typing import cast

from eth_abi.abi import decode, encode
from eth_typing import ABIFunction

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

"""The anchor: web3 and nothing else. Swaps once for every line on stdin, prints the seconds.

What it is given as JSON: `rpc_url`, `key`, `escrow`, `abi`, the fields of the escrow's `trade`
after the id, and the `mandate` it is made under. All of web3's defaults but one: it looks for the
receipt every 50 ms, as the product does, where web3 would every 100 ms.
"""

import json
import sys
import time

from eth_account import Account
from web3 import Web3

POLL_S = 0.05


def main() -> None:
    given = json.loads(sys.argv[1])
    w3 = Web3(Web3.HTTPProvider(given["rpc_url"]))
    account = Account.from_key(given["key"])
    escrow = w3.eth.contract(address=given["escrow"], abi=given["abi"])
    for number, _ in enumerate(sys.stdin, start=1):
        began = time.perf_counter()
        swap = escrow.functions.swap((number, *given["trade"]), given["mandate"])
        nonce = w3.eth.get_transaction_count(account.address)
        transaction = swap.build_transaction({"from": account.address, "nonce": nonce})
        signed = account.sign_transaction(transaction)
        tx_hash = w3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = w3.eth.wait_for_transaction_receipt(tx_hash, poll_latency=POLL_S)
        assert receipt["status"] == 1
        sys.stdout.write(f"{time.perf_counter() - began}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

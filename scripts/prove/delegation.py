"""The same swap through MetaMask's delegation framework, as published on npm."""

import re
from functools import cache
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from hexbytes import HexBytes
from web3 import Web3
from web3.types import TxReceipt

from bot.chain.artifacts import REPOSITORY, Artifact
from scripts.prove.rig import FAR, OWNER_KEY, UNLIMITED, Market

_PACKAGE = REPOSITORY / "contracts" / "proofs" / "node_modules" / "@metamask" / "delegation-abis"
_ROOT_AUTHORITY = b"\xff" * 32
_ONE_CALL = b"\0" * 32
_SWAPS = 1_000
_CAVEAT = "(address,bytes,bytes)"
# To be linked: never called here, as the owner signs with a plain key.
_PASSKEY_LIBRARY = re.compile(r"__\$\w{34}\$__")
_DELEGATION = f"(address,address,bytes32,{_CAVEAT}[],uint256,bytes)"


class Delegated:
    """A smart account whose owner has delegated one kind of swap, under six caveats."""

    def __init__(self, market: Market, *, is_7702: bool) -> None:
        self._market, self._chain = market, market.chain
        chain, accounts = self._chain, self._chain.accounts
        self._owner, self._delegate = accounts[4], accounts[8]
        self._manager = chain.deploy(_load("DelegationManager"), chain.deployer)
        entry_point = chain.deploy(_load("EntryPoint"))
        parts = self._manager.address, entry_point.address
        self.address = self._with_code(*parts) if is_7702 else self._proxied(*parts)
        market.give(self.address, 1_000 * 10**6, 10**18)
        chain.request("anvil_impersonateAccount", self.address)
        chain.request("anvil_setBalance", self.address, hex(10**20))
        # A standing allowance: these caveats are for one call, not for an approval with it.
        chain.call(
            market.usdc.functions.approve(market.router.address, UNLIMITED), sender=self.address
        )
        self._enforcers = {name: chain.deploy(_load(name)).address for name in _TERMS}

    def swap(self, amount: int) -> TxReceipt:
        """Sell that much USDC for SEI, by the delegate."""
        delegation = self._sign(amount)
        context = encode([f"{_DELEGATION}[]"], [[delegation]])
        execution = HexBytes(self._market.router.address) + b"\0" * 32 + self._call(amount)
        redeem = self._manager.functions.redeemDelegations([context], [_ONE_CALL], [execution])
        return self._chain.call(redeem, self._delegate)

    def _with_code(self, manager: str, entry_point: str) -> str:
        """The owner's own account, given code as EIP-7702 does."""
        code = self._chain.deploy(_load("EIP7702StatelessDeleGator"), manager, entry_point)
        self._chain.request(
            "anvil_setCode", self._owner, "0xef0100" + code.address.removeprefix("0x").lower()
        )
        return self._owner

    def _proxied(self, manager: str, entry_point: str) -> str:
        """A proxy of the code that keys and passkeys may own."""
        code = self._chain.deploy(_load("HybridDeleGator"), manager, entry_point)
        start = code.encode_abi("initialize", args=[self._owner, [], [], []])
        return str(self._chain.deploy(_load("ERC1967Proxy"), code.address, start).address)

    def _call(self, amount: int) -> bytes:
        terms = self._market.path, self.address, amount, 1
        return bytes(HexBytes(self._market.router.encode_abi("exactInput", args=[terms])))

    def _sign(self, amount: int) -> tuple[Any, ...]:
        terms = _terms(self._market, self._call(amount), self._delegate)
        caveats = [(self._enforcers[name], terms[name], b"") for name in _TERMS]
        unsigned = self._delegate, self.address, _ROOT_AUTHORITY, caveats, 1
        manager = self._manager.functions
        struct_hash = manager.getDelegationHash((*unsigned, b"")).call()
        digest = Web3.keccak(b"\x19\x01" + manager.getDomainHash().call() + struct_hash)
        return *unsigned, bytes(Account.unsafe_sign_hash(digest, OWNER_KEY).signature)


_TERMS = (
    "AllowedTargetsEnforcer",
    "AllowedMethodsEnforcer",
    "AllowedCalldataEnforcer",
    "TimestampEnforcer",
    "LimitedCallsEnforcer",
    "RedeemerEnforcer",
)
"""Which router, which function, to whom, until when, how often, by whom.

None of them asks what comes of the swap.
"""


def _terms(market: Market, call: bytes, delegate: str) -> dict[str, bytes]:
    # The recipient's word: after the selector, the place of the struct, and the place of the path.
    recipient = 4 + 32 + 32
    return {
        "AllowedTargetsEnforcer": bytes(HexBytes(market.router.address)),
        "AllowedMethodsEnforcer": call[:4],
        "AllowedCalldataEnforcer": recipient.to_bytes(32, "big") + call[recipient : recipient + 32],
        "TimestampEnforcer": (0).to_bytes(16, "big") + FAR.to_bytes(16, "big"),
        "LimitedCallsEnforcer": _SWAPS.to_bytes(32, "big"),
        "RedeemerEnforcer": bytes(HexBytes(delegate)),
    }


@cache
def _load(name: str) -> Artifact:
    abi = _manager_abi() if name == "DelegationManager" else _ABI.get(name, [])
    source = (_PACKAGE / "dist" / "bytecode" / f"{name}.mjs").read_text()
    found = re.search(r'"(0x[0-9a-zA-Z_$]+)"', source)
    if found is None:
        raise ValueError(f"no code of {name} in @metamask/delegation-abis")
    return Artifact(name, abi, _PASSKEY_LIBRARY.sub("00" * 20, found[1]))


def _inputs(*kinds: str) -> list[dict[str, Any]]:
    return [{"name": f"x{i}", "type": kind} for i, kind in enumerate(kinds)]


def _manager_abi() -> list[dict[str, Any]]:
    caveat = {
        "name": "caveats",
        "type": "tuple[]",
        "components": _inputs("address", "bytes", "bytes"),
    }
    delegation = {
        "name": "delegation",
        "type": "tuple",
        "components": [
            *_inputs("address", "address", "bytes32"),
            caveat,
            {"name": "salt", "type": "uint256"},
            {"name": "signature", "type": "bytes"},
        ],
    }
    hash_ = _inputs("bytes32")
    return [
        {"type": "constructor", "inputs": _inputs("address")},
        _function("redeemDelegations", _inputs("bytes[]", "bytes32[]", "bytes[]"), []),
        _function("getDelegationHash", [delegation], hash_, "pure"),
        _function("getDomainHash", [], hash_, "view"),
    ]


def _function(
    name: str,
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    mutability: str = "nonpayable",
) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "inputs": inputs,
        "outputs": outputs,
        "stateMutability": mutability,
    }


_TWO_ADDRESSES = [{"type": "constructor", "inputs": _inputs("address", "address")}]
_ABI: dict[str, list[dict[str, Any]]] = {
    "EIP7702StatelessDeleGator": _TWO_ADDRESSES,
    "HybridDeleGator": [
        *_TWO_ADDRESSES,
        _function("initialize", _inputs("address", "string[]", "uint256[]", "uint256[]"), []),
    ],
    "ERC1967Proxy": [{"type": "constructor", "inputs": _inputs("address", "bytes")}],
}

"""A wallet for the browser: EIP-1193 by EIP-6963, its keys in this process, its reads from a node.

It is handed to the page by a binding, not over the network, so the page's own policy stays as it
is.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.async_api import Page

DECLINED = {"code": 4001, "message": "User rejected the request."}
UNKNOWN_CHAIN = {"code": 4902, "message": "Unrecognized chain ID."}

_PROVIDER = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


@dataclass
class BrowserWallet:
    """One wallet in one page.

    Args:
        key: of the account it shows first.
        rpc_url: the node it reads from.
        chain_id: the chain it is on; `known` are the ones it may be switched to.
        declines: methods its owner says no to.
    """

    key: str
    rpc_url: str
    chain_id: int = 31_337
    known: set[int] = field(default_factory=lambda: {1, 31_337})
    declines: set[str] = field(default_factory=set)
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    added: list[dict[str, Any]] = field(default_factory=list)
    page: Page | None = None

    @property
    def address(self) -> str:
        return str(Account.from_key(self.key).address)

    async def enter(self, page: Page) -> None:
        """Be there before the page's own scripts run."""
        self.page = page
        await page.expose_function("testWallet", self._answer)
        await page.add_init_script(_PROVIDER)

    async def show_account(self, key: str) -> None:
        """Its owner picks another account."""
        self.key = key
        await self._tell("accountsChanged", [self.address.lower()])

    def signed(self, method: str) -> list[Any]:
        """What it was asked to sign."""
        return [params for asked, params in self.asked if asked == method]

    async def _answer(self, question: str) -> str:
        asked = json.loads(question)
        method, params = asked["method"], asked.get("params", [])
        self.asked.append((method, params))
        if method in self.declines:
            return json.dumps({"error": DECLINED})
        own: dict[str, Callable[[list[Any]], Any]] = {
            "eth_requestAccounts": lambda _: [self.address.lower()],
            "eth_accounts": lambda _: [self.address.lower()],
            "wallet_requestPermissions": lambda _: [],
            "eth_chainId": lambda _: hex(self.chain_id),
            "personal_sign": self._sign_text,
            "eth_signTypedData_v4": self._sign_typed,
            "wallet_addEthereumChain": self._add_chain,
        }
        if method == "wallet_switchEthereumChain":
            return json.dumps(await self._switch(int(params[0]["chainId"], 16)))
        if method in own:
            return json.dumps({"result": own[method](params)})
        async with httpx.AsyncClient() as http:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return (await http.post(self.rpc_url, json=body)).text

    def _sign_text(self, params: list[Any]) -> str:
        text, address = params
        assert address.lower() == self.address.lower()
        message = encode_defunct(hexstr=text)
        return f"0x{Account.sign_message(message, self.key).signature.hex()}"

    def _sign_typed(self, params: list[Any]) -> str:
        address, typed = params
        assert address.lower() == self.address.lower()
        signed = Account.sign_typed_data(self.key, full_message=json.loads(typed))
        return f"0x{signed.signature.hex()}"

    async def _switch(self, chain_id: int) -> dict[str, Any]:
        if chain_id not in self.known:
            return {"error": UNKNOWN_CHAIN}
        self.chain_id = chain_id
        await self._tell("chainChanged", hex(chain_id))
        return {"result": None}

    def _add_chain(self, params: list[Any]) -> None:
        self.added.append(params[0])
        self.known.add(int(params[0]["chainId"], 16))
        self.chain_id = int(params[0]["chainId"], 16)

    async def _tell(self, event: str, value: Any) -> None:
        assert self.page is not None
        await self.page.evaluate(
            "([name, value]) => setTimeout(() => window.testWalletTells(name, value))",
            [event, value],
        )

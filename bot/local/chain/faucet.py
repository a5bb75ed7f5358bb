"""Play money for the local chain."""

from bot.chain.artifacts import load_artifact
from bot.chain.deployer import KeyedAccount
from bot.domain.money import NATIVE, Amount


class Faucet:
    """Gives SEI from a rich account and makes test tokens."""

    def __init__(self, account: KeyedAccount) -> None:
        self._account = account
        self._token = account.w3.eth.contract(abi=load_artifact("TestToken").abi)

    async def give(self, to: str, amount: Amount) -> str:
        """Send native SEI or a test token, of which at most 10,000 a call; the transaction's hash.

        Raises:
            UpstreamError: the chain refused or did not answer.
        """
        to_checksum = self._account.w3.to_checksum_address
        if amount.token.is_wrapped_native or amount.token.address == NATIVE:
            receipt = await self._account.transact(to_checksum(to), value=amount.raw)
        else:
            data = self._token.encode_abi("faucet", args=[to_checksum(to), amount.raw])
            receipt = await self._account.transact(to_checksum(amount.token.address), data)
        return receipt["transactionHash"].to_0x_hex()

"""`sei-trader feeds`: keep the price feeds of a test network's tokens fresh, until stopped."""

import asyncio
import contextlib

from bot.app.deploy import fetch_prices
from bot.app.edges import chain_url, deployment_path
from bot.app.process import say, stop_event
from bot.chain.deployer import KeyedAccount, connected
from bot.chain.deployment import Deployment
from bot.domain.errors import SettingsError, UpstreamError
from bot.local.chain.feeds import FeedKeeper
from bot.settings import Settings

_EVERY_S = 60


async def keep_feeds(settings: Settings) -> None:
    """Publish prices as their feeds are due. Spends the deployer's SEI on gas, and nothing else.

    Raises:
        SettingsError: nothing is deployed, or its tokens have real feeds.
    """
    if settings.deployer_key is None:
        raise LookupError("settings are checked before they are used")
    deployment = Deployment.load(deployment_path(settings))
    if not deployment.test_feeds:
        raise SettingsError(f"{settings.sei_network} has real price feeds; nobody need keep them")
    stopped = stop_event()
    async with connected(chain_url(settings)) as w3:
        account = KeyedAccount(w3, settings.deployer_key.get_secret_value())
        keeper = FeedKeeper(account, deployment.test_feeds, deployment.tokens)
        say(f"Publishing to {deployment.test_feeds} every {_EVERY_S} s. Ctrl-C stops.")
        while not stopped.is_set():
            try:
                if count := await keeper.step(await fetch_prices(settings)):
                    say(f"{count} feeds published")
            except UpstreamError as error:
                say(f"Waiting: {error}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), _EVERY_S)

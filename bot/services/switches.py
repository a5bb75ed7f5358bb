"""Durable switches of the whole service."""

from bot.ports.records import Switches

TRADING_PAUSED = "trading_paused"


async def trading_paused(switches: Switches) -> bool:
    """Whether an admin has paused trading. Withdrawals go on."""
    return await switches.load_switch(TRADING_PAUSED) == "yes"


async def pause_trading(switches: Switches, *, paused: bool) -> None:
    """Pause or resume trading for everybody, also for intents not yet signed."""
    await switches.save_switch(TRADING_PAUSED, "yes" if paused else "no")

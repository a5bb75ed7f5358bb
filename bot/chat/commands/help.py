"""/help: what the bot can do."""

from bot.chat.command import Command
from bot.chat.talk import Talk
from bot.chat.view import View, button

_TEXT = """<b>Ask me anything about trading on Sei</b>, in your own words:
<i>Should I buy SEI?</i> · <i>Is ETH too hot?</i> · <i>How is the market?</i>
Or tell me what to watch: <i>wake me if SEI falls 5% in an hour</i>

/agents – open, choose, pause or delete agents
/deposit – where to send money
/price SEI – price and figures
/buy SEI 25 – spend 25 of the quote token
/sell SEI 50% – sell half of what the agent holds
/alert SEI above 0.25 – be told when it gets there; alone it asks you step by step
/alerts – your alerts, nearest first: edit, pause, snooze, delete
/subscribe – the decisions of agents that their owners made public
/mandate – what your escrow lets the agent do
/portfolio – balances, value, profit and loss
/history – your trades, also as a file
/withdraw – send money back to the owner
/panic – stop all trading of yours at once
/settings – slippage, limits, language, time zone, quiet hours
/cancel – end whatever I am asking you

Amounts: <code>25</code>, <code>$25</code>, <code>1.5k</code>, <code>50%</code>, \
<code>half</code>, <code>all</code>. Nothing is traded before you tap Confirm."""


async def show(talk: Talk, _: str) -> None:
    """List what can be asked."""
    await talk.show(View(_TEXT, ((button("🏠 Home", "start", "home"),),)))


COMMAND = Command(
    name="help",
    summary="What I can do",
    order=12,
    run=show,
    taps={"show": show},
)

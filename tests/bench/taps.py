"""A menu tap against the echo, in turns."""

from bot.local.telegram.world import ANN
from tests.bench.figure import Promise, Result, ms
from tests.bench.stage import Stage
from tests.e2e.stage import Message

ROUNDS = 10
TAPS_A_ROUND = 50
MENU = ("settings:home", "agents:list", "start:home")
"""One message, edited from screen to screen by its own buttons."""

TAP = Promise(
    "Menu tap",
    "at most 1.0x the echo",
    f"Update delivered to edit received, {ROUNDS * TAPS_A_ROUND} taps on home, settings and agents,"
    " one in flight; against update delivered to sendMessage received of a stock sequential"
    f" python-telegram-bot echo. {ROUNDS} rounds in turns, medians of all.",
)


async def measure(stage: Stage) -> list[Result]:
    home: Message = await stage.bot.person(ANN).say("/start")
    taps: list[float] = []
    echoes: list[float] = []
    for _ in range(ROUNDS):
        for _ in range(TAPS_A_ROUND):
            data = MENU[len(taps) % len(MENU)]
            taps.append(await stage.bot.tap(ANN, home["message_id"], data))
        for number in range(TAPS_A_ROUND):
            echoes.append(await stage.echo.answer(ANN, f"hello {number}"))
    ratio = ms(taps) / ms(echoes)
    measured = f"{ratio:.2f}x ({ms(taps):.2f} ms, echo {ms(echoes):.2f} ms)"
    return [TAP.result(measured, ok=ratio <= 1)]

"""Two thousand messages at once, against the echo."""

from statistics import median

from tests.bench.figure import Promise, Result
from tests.bench.stage import CROWD, Stage

ROUNDS = 3
MESSAGES = 2_000
_WARMING = 100

RATE = Promise(
    "Burst of 2,000 /help",
    "at least 1.0x the echo's rate",
    f"Messages a second from {len(CROWD)} people, the stand-in's limits off for both, first"
    " delivery to last answer received; against the same burst to the echo."
    f" {ROUNDS} rounds in turns, medians.",
)
CPU = Promise(
    "CPU of a message in the burst",
    "at most 1.0x the echo",
    "User and system time of the process over the same bursts.",
)


async def measure(stage: Stage) -> list[Result]:
    people = list(CROWD)
    for line in (stage.bot, stage.echo):
        await line.burst(people, "/help", _WARMING)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(await stage.bot.burst(people, "/help", MESSAGES))
        theirs.append(await stage.echo.burst(people, "/help", MESSAGES))
    rate, anchor = (median(b.rate for b in bursts) for bursts in (ours, theirs))
    cpu, anchor_cpu = (median(b.cpu_ms for b in bursts) for bursts in (ours, theirs))
    return [
        RATE.result(
            f"{rate / anchor:.2f}x ({rate:,.0f}/s, echo {anchor:,.0f}/s)", ok=rate >= anchor
        ),
        CPU.result(
            f"{cpu / anchor_cpu:.2f}x ({cpu:.2f} ms, echo {anchor_cpu:.2f} ms)",
            ok=cpu <= anchor_cpu,
        ),
    ]

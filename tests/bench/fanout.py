"""Fan-out of alerts to 10,000 chats, and the way of one alert, through a Telegram with limits."""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from bot.clock import SystemClock
from bot.local.telegram.faults import Call
from bot.local.telegram.stand_in import TelegramStandIn
from bot.ports.clock import Clock
from bot.serving import served
from tests.bench.fast_clock import FastClock
from tests.bench.figure import Promise, Result
from tests.bench.processes import PYTHON, running

TOKEN = "1:fanout"
CHATS = 10_000
FIRST_CHAT = 20_000
BACKLOGS = 50
"""Chats of which each gets three alerts instead of one."""

A_SECOND = 30
FASTER = 3
SAMPLES = 200
MIN_SHARE = 0.95
MAX_WAIT_S = 1.0

FAN_OUT = Promise(
    f"Fan-out to {CHATS:,} chats",
    f"at least {MIN_SHARE:.0%} of the permitted rate",
    f"An alert for each of {CHATS:,} private chats, three for {BACKLOGS} of them, queued at once in"
    f" SQLite and sent by the product's sender to a stand-in that enforces {A_SECOND} messages a"
    f" second and one a second in a chat, on a clock {FASTER} times as fast as ours; first to last"
    " message taken. A 429, or two messages of a chat in the wrong order, is a miss.",
)
OVERTAKING = Promise(
    "Money overtaking a fan-out",
    f"at most {MAX_WAIT_S:.0f} s",
    "From queuing a money notice every 5 s of the same fan-out to Telegram taking it, on the fast"
    " clock: the slowest.",
)
LATENCY = Promise(
    "From price sample to message at Telegram",
    f"p99 at most {MAX_WAIT_S:.0f} s",
    f"{SAMPLES} ticks of the product's engine of which each lets one alert of another person ring,"
    " from the price being known to the call arriving at the stand-in, picture and all; nothing"
    " else waits. Real time.",
)


async def measure(folder: Path) -> list[Result]:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    crowd = await _trial(folder, "crowd", FastClock(FASTER, time.monotonic()))
    single = await _trial(folder, "single", SystemClock())
    return [*_fan_out(*crowd), _latency(*single)]


async def _trial(folder: Path, name: str, clock: Clock) -> tuple[dict[str, Any], list[Call]]:
    """What the sender's process says, and the calls that arrived."""
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramStandIn(TOKEN, clock))
        for person_id in range(FIRST_CHAT, FIRST_CHAT + CHATS):
            telegram.add_person(person_id, "P")
            telegram.world.persons[person_id].started = True
        app = Starlette(routes=[Mount("/telegram", app=telegram.app)])
        serving = await stack.enter_async_context(served(app))
        began = str(clock.began_s) if isinstance(clock, FastClock) else "0"
        child = await stack.enter_async_context(
            running(
                *(PYTHON, "-m", "tests.bench.fanout_sender", name, str(folder / f"{name}.db")),
                *(f"{serving.url}/telegram", began),
                folder=folder,
            )
        )
        said: dict[str, Any] = json.loads(await child.line('"done"', within_s=600))
    calls = [call for call in telegram.calls() if call.method in ("sendMessage", "sendPhoto")]
    return said, calls


def _fan_out(said: dict[str, Any], calls: Sequence[Call]) -> list[Result]:
    refused = sum(call.status != 200 for call in calls)
    taken_s = (calls[-1].at - calls[0].at).total_seconds()
    rate = (len(calls) - 1) / taken_s
    order = _in_order(calls)
    whole = len(calls) == CHATS + 2 * BACKLOGS + len(said["money"])
    at = {_word(call): call.at for call in calls}
    waits = [
        (at[key] - datetime.fromisoformat(queued)).total_seconds()
        for key, queued in said["money"].items()
    ]
    return [
        FAN_OUT.result(
            f"{rate / A_SECOND:.1%} ({rate:.2f}/s; {refused or 'none'} refused"
            f"{'' if order else '; WRONG ORDER'}{'' if whole else '; NOT ALL'})",
            ok=rate >= MIN_SHARE * A_SECOND and not refused and order and whole,
        ),
        OVERTAKING.result(
            f"{max(waits):.2f} s (median {sorted(waits)[len(waits) // 2]:.2f} s,"
            f" {len(waits)} notices)",
            ok=max(waits) <= MAX_WAIT_S,
        ),
    ]


def _latency(said: dict[str, Any], calls: Sequence[Call]) -> Result:
    arrived = {call.chat_id: call.received_s for call in calls}
    spans = sorted(arrived[int(chat)] - sampled for chat, sampled in said["sampled"].items())
    p99 = spans[int(len(spans) * 0.99)]
    pictures = sum(call.method == "sendPhoto" for call in calls)
    return LATENCY.result(
        f"{p99:.2f} s (median {spans[len(spans) // 2]:.2f} s, {pictures} with a picture)",
        ok=p99 <= MAX_WAIT_S,
    )


def _in_order(calls: Sequence[Call]) -> bool:
    """Whether the alerts of each chat came as they were numbered."""
    chats: defaultdict[int | None, list[str]] = defaultdict(list)
    for call in calls:
        if not _word(call).startswith("money"):
            chats[call.chat_id].append(_word(call))
    return all(words == sorted(words) for words in chats.values())


def _word(call: Call) -> str:
    """The key that a message carries."""
    return str(call.params["text"]).split()[3]


if __name__ == "__main__":
    sys.exit("run me as: python -m tests.bench fanout")

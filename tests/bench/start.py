"""From `make run` to an answer, on the second start."""

import time
from pathlib import Path

import httpx

from bot.local.telegram.world import ANN
from tests.bench.figure import Promise, Result
from tests.bench.processes import ROOT, clean_environment, running

MAX_S = 10

START = Promise(
    "Second start of make run",
    f"at most {MAX_S} s",
    "From starting `make run` on a data folder used once before, everything installed, to the"
    " answer to a /start sent on the chat page. Once.",
)


async def measure(folder: Path) -> list[Result]:
    """Raises RuntimeError where a .env would turn the trial into a real bot."""
    if (ROOT / ".env").exists():
        raise RuntimeError("there is a .env file: move it away for the length of the benchmark")
    await _run(folder)
    seconds = await _run(folder)
    return [START.result(f"{seconds:.1f} s", ok=seconds <= MAX_S)]


async def _run(folder: Path) -> float:
    environment = clean_environment(DATA_DIR=str(folder), PORT="0")
    began = time.perf_counter()
    async with running("make", "run", folder=ROOT, environment=environment) as started:
        ready = await started.line("Ready", within_s=600)
        url = next(word for word in ready.split() if word.startswith("http")).rstrip("/")
        async with httpx.AsyncClient(base_url=f"{url}/telegram/chat", trust_env=False) as page:
            await _answered(page)
        return time.perf_counter() - began


async def _answered(page: httpx.AsyncClient) -> None:
    answer = await page.post("/send", json={"person_id": ANN, "text": "/start"})
    sent = answer.json()["result"]["message_id"]
    after = 0
    while True:
        waited = await page.get(
            "/calls", params={"after": after, "wait": 1, "timeout_s": 5}, timeout=10
        )
        calls = waited.json()
        after = calls["total"]
        for call in calls["calls"]:
            if call["method"] == "sendMessage" and (call["message_id"] or 0) > sent:
                return

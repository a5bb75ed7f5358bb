import asyncio
import signal
import sys

import httpx
import pytest
from starlette.responses import PlainTextResponse

from bot.serving import serve, served

hello = PlainTextResponse("hello")


async def test_serves_on_a_free_port_and_lets_it_go() -> None:
    async with served(hello) as serving:
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(serving.url)).text == "hello"
        with pytest.raises(OSError, match="in use"):
            await serve(hello, serving.port)
    again = await serve(hello, serving.port)
    await again.stop()
    await again.stop()


async def test_an_answer_in_two_parts_does_not_wait_for_the_network() -> None:
    async with served(hello) as serving, httpx.AsyncClient(trust_env=False) as http:
        await http.get(serving.url)
        started = asyncio.get_running_loop().time()
        for _ in range(20):
            await http.get(serving.url)
        assert asyncio.get_running_loop().time() - started < 20 * 0.04


async def test_the_telegram_stand_in_as_a_process_ends_when_told() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.local.telegram", "--port", "0", "--no-limits"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    url = line.split("API: ")[1].split()[0]
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        me = await http.get(f"{url}/bot42:LOCAL/getMe")
        poll = asyncio.create_task(http.get(f"{url}/bot42:LOCAL/getUpdates?timeout=30"))
        await asyncio.sleep(0)
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(poll, return_exceptions=True)
    assert me.json()["result"]["is_bot"]
    assert await asyncio.wait_for(process.wait(), 5) == 0

"""The parts of the Gemini stand-in that the brain's own tests do not touch."""

import asyncio
import os
import signal
import sys

import httpx
import pytest
from google import genai
from google.genai import types

from bot.local.gemini import replies
from bot.local.gemini.defaults import Kind
from bot.local.gemini.server import GeminiStandIn

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_it_streams_as_the_sdk_expects(google: GeminiStandIn, google_url: str) -> None:
    google.play(replies.answer("hello"), kind=Kind.OTHER)
    key = google.accepted_key
    async with httpx.AsyncClient(trust_env=False) as http:
        options = types.HttpOptions(base_url=google_url, httpx_async_client=http)
        client = genai.Client(vertexai=False, api_key=key, http_options=options).aio
        stream = await client.models.generate_content_stream(model="m", contents="hi")
        assert [chunk.text async for chunk in stream] == ["hello"]
    assert google.asked(Kind.OTHER)[0].prompt == "hi"


async def test_keys_and_paths_are_checked(google_url: str) -> None:
    async with httpx.AsyncClient(base_url=google_url, trust_env=False) as http:
        path = "/v1/models/m:generateContent"
        refused = await http.post(path, json={}, headers={"x-goog-api-key": "wrong"})
        assert refused.status_code == 400
        assert refused.json()["error"]["status"] == "INVALID_ARGUMENT"
        assert (await http.post("/v1/models/m:other", json={})).status_code == 404


async def test_it_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.local.gemini", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        url = (await process.stdout.readline()).decode().strip()
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{url}/v1beta/models/m:generateContent", json={})
        assert answer.status_code == 400
        os.kill(process.pid, signal.SIGTERM)
        assert await process.wait() == 0

"""Every example runs as its docstring says."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.process import Server

EXAMPLES = Path(__file__).parents[2] / "examples"

QUESTION = {"model": "local:echo", "messages": [{"role": "user", "content": "Hello!"}]}


@contextmanager
def running(example: str) -> Generator[str, None, None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, EXAMPLES / example],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("example", "path"),
    [("sub_application.py", "/llm/v1/chat/completions"), ("one_route.py", "/ask")],
)
async def test_embedded(example: str, path: str) -> None:
    with running(example) as url:
        async with aiohttp.ClientSession(url) as http, http.post(path, json=QUESTION) as response:
            assert response.status == 200
            assert (await response.json())["choices"][0]["message"]["content"] == "Hello!"


def test_without_http() -> None:
    shown = subprocess.run(
        [sys.executable, EXAMPLES / "no_http.py", "What", "is", "it?"],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert (shown.stdout, shown.stderr) == ("What is it?\n", "")


async def test_a_stage_of_ones_own() -> None:
    config = EXAMPLES / "own_stage.toml"
    with Server(config, {"PYTHONPATH": str(EXAMPLES)}) as server:
        async with (
            aiohttp.ClientSession(server.url) as http,
            http.post("/v1/chat/completions", json=QUESTION) as response,
        ):
            assert (await response.json())["choices"][0]["message"]["content"] == "HELLO!!!"

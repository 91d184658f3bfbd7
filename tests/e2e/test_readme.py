"""What the README shows works as pasted."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.process import Server

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


async def test_the_curl_line(server: Server) -> None:
    (line,) = [block for block in _blocks("sh") if block.startswith("curl")]
    command, url, *options = shlex.split(line)
    body, header = options[options.index("-d") + 1], options[options.index("-H") + 1]
    assert command == "curl"
    name, value = header.split(": ")
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            url.replace("http://127.0.0.1:8000", server.url), data=body, headers={name: value}
        ) as response,
    ):
        answer = await response.json()
    assert answer["choices"][0]["message"]["content"] == "Hello!"


def test_the_sdk_example(server: Server) -> None:
    (program,) = [block for block in _blocks("python") if "openai" in block]
    assert len(program.strip().splitlines()) <= 7
    shown = subprocess.run(
        [sys.executable, "-c", program.replace("http://127.0.0.1:8000", server.url)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert (shown.stdout, shown.stderr) == ("Hello from the SDK!", "")


def test_the_stage(tmp_path: Path) -> None:
    (stage,) = [block for block in _blocks("python") if "class Daylight" in block]
    (tmp_path / "daylight.py").write_text(stage, encoding="utf-8")
    config = tmp_path / "pipelines.toml"
    config.write_text('[pipelines.a]\nstages = ["daylight:Daylight", "dispatch"]\n')
    checked = subprocess.run(
        [sys.executable, "-m", "llm_proxy.server", "check", "--config", config],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_endpoints_and_commands_are_the_real_ones() -> None:
    help_ = subprocess.run(
        [sys.executable, "-m", "llm_proxy.server", "serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    for option in ("--config", "--host", "--port", "--workers"):
        assert option in README
        assert option in help_

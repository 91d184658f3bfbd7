"""The server as a process: start, signals, workers, the command line."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.process import Server
from tests.support.until import until

SLOW = {"model": "local:slow", "messages": [{"role": "user", "content": "a b c d e"}]}


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "llm_proxy.server", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={**os.environ, **environment},
    )


async def _stream(server: Server, **fields: Any) -> str:
    async with (
        aiohttp.ClientSession(server.url) as http,
        http.post("/v1/chat/completions", json={**SLOW, "stream": True, **fields}) as response,
    ):
        return await response.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_requests_in_flight_finish(number: int) -> None:
    with Server() as server:
        streaming = asyncio.ensure_future(_stream(server))
        await asyncio.sleep(0.2)
        stopping = asyncio.ensure_future(asyncio.to_thread(server.stop, number))
        body = await streaming

        assert await stopping == 0
        assert body.endswith("data: [DONE]\n\n")
        assert not [line for line in server.raw_log if not line.startswith("{")]
        assert '"stopped"' in server.raw_log[-1]


async def test_it_stops_accepting_at_once() -> None:
    with Server() as server:
        streaming = asyncio.ensure_future(_stream(server))
        await asyncio.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.wait_for, "stopping")
        await asyncio.sleep(0.05)
        with pytest.raises(aiohttp.ClientConnectorError):
            await _stream(server)
        assert "[DONE]" in await streaming


async def test_the_wait_is_bounded(toml: Callable[[str], Path]) -> None:
    config = toml(
        '[pipelines.default]\nstages = ["observe", "dispatch"]\n'
        '[server]\nshutdown_timeout = "200ms"'
    )
    with Server(config) as server:
        hanging = asyncio.ensure_future(_stream(server, model="local:hang"))
        await asyncio.sleep(0.2)
        assert await asyncio.to_thread(server.stop) == 0
        with pytest.raises(aiohttp.ClientError):
            await hanging


async def test_a_second_interrupt_ends_it_now() -> None:
    with Server() as server:
        hanging = asyncio.ensure_future(_stream(server, model="local:hang"))
        await asyncio.sleep(0.2)
        server.process.send_signal(signal.SIGINT)
        await asyncio.to_thread(server.wait_for, "stopping")
        assert await asyncio.to_thread(server.stop, signal.SIGINT) == 130
        with pytest.raises(aiohttp.ClientError):
            await hanging


async def test_hangup_reloads(toml: Callable[[str], Path]) -> None:
    text = '[pipelines.default]\nstages = ["observe", "{more}dispatch"]\n'
    config = toml(text.format(more=""))
    with Server(config) as server:
        config.write_text(text.format(more='transform", "'))
        server.process.send_signal(signal.SIGHUP)
        line = server.wait_for("configuration reloaded")
        assert line["chains"] == {"default": "observe → transform → dispatch"}


async def test_workers_share_a_port_and_are_replaced() -> None:
    with Server(arguments=["--workers", "2", "--port", str(_free_port())]) as server:
        second = server.wait_for("listening on")
        os.kill(second["pid"], signal.SIGKILL)
        server.wait_for("a worker died and is replaced")
        assert server.wait_for("listening on")["pid"] != second["pid"]
        assert "[DONE]" in await _stream(server, model="local:echo")
        assert server.stop() == 0
        assert len([line for line in server.raw_log if '"stopped"' in line]) == 2


@pytest.mark.parametrize("after", [0.2, 0.5, 0.8])
def test_a_supervisor_that_is_stopped_while_it_starts_ends(after: float) -> None:
    command = [sys.executable, "-m", "llm_proxy.server", "serve", "--workers", "4"]
    process = subprocess.Popen(
        [*command, "--port", str(_free_port())], stderr=subprocess.DEVNULL, env=os.environ
    )
    try:
        time.sleep(after)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
    finally:
        process.kill()


async def test_workers_end_with_a_supervisor_that_is_killed() -> None:
    with Server(arguments=["--workers", "2", "--port", str(_free_port())]) as server:
        server.wait_for("listening on")
        workers = [line["pid"] for line in server.log if "pid" in line]
        server.process.kill()
        server.process.wait()
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 10)


def test_host_and_port_come_from_the_environment(toml: Callable[[str], Path]) -> None:
    port = str(_free_port())
    own = '[server]\nport = 1\nhost = "192.0.2.1"\n[pipelines.default]\nstages = ["dispatch"]\n'
    for config in (None, toml(own)):
        with Server(config, {"HOST": "127.0.0.1", "PORT": port}, own_port=True) as server:
            assert server.url == f"http://127.0.0.1:{port}"
    plan = _run("check", PORT="99999")
    assert plan.returncode == 2
    assert "server.port" in plan.stderr


@pytest.mark.parametrize("port", ["abc", "99999"])
def test_a_port_in_the_environment_that_is_none(port: str, toml: Callable[[str], Path]) -> None:
    config = toml('[pipelines.default]\nstages = ["dispatch"]\n')
    done = _run("serve", "--config", str(config), PORT=port)
    assert done.returncode == 2
    assert done.stderr == f"PORT: '{port}' is no port: they go from 0 to 65535\n"


def test_a_taken_port_is_said_in_one_line() -> None:
    with Server() as server:
        port = server.url.rpartition(":")[2]
        second = _run("serve", "--port", port)
    assert second.returncode == 1
    assert second.stderr.splitlines()[-1].startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert "Traceback" not in second.stderr


def test_debug_logging_shows_each_stage_and_no_secret() -> None:
    environment = {"LOG_LEVEL": "DEBUG", "PROXY_API_KEYS": "fake-key"}
    with Server(environment=environment) as server:
        asyncio.run(_ask_with_key(server))
        line = server.wait_for("request")
        server.stop()
    assert set(line["stages_ms"]) >= {"observe", "auth", "dispatch"}
    assert "fake-key" not in "".join(server.raw_log)


async def _ask_with_key(server: Server) -> None:
    headers = {"Authorization": "Bearer fake-key"}
    async with (
        aiohttp.ClientSession(server.url, headers=headers) as http,
        http.post("/v1/chat/completions", json={**SLOW, "model": "local:echo"}) as response,
    ):
        assert response.status == 200


async def test_the_file_is_followed(toml: Callable[[str], Path]) -> None:
    config = toml('[pipelines.default]\nstages = ["observe", "dispatch"]\n')
    with Server(config) as server:
        config.write_text("[pipelines.default")
        line = await asyncio.to_thread(server.wait_for, "the new configuration is refused")
        assert "not valid TOML" in line["problems"][0]
        assert "[DONE]" in await _stream(server, model="local:echo")
        await until(lambda: server.process.poll() is None)


def test_check_prints_each_chain() -> None:
    done = _run("check")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == (
        "/v1/chat/completions  default: observe → auth → rate_limit → session → commands → "
        "loop_detection → transform → failover → dispatch"
    )
    assert done.stderr == ""


MISTAKES = {
    "server.prot": (2, 'unknown key; did you mean "port"?'),
    "pipelines.default.stages[2]": (
        4,
        'no stage named "rate_limt"; did you mean "rate_limit"?',
    ),
    "pipelines.default.stages[1]": (4, '"dispatch" ends the chain: move it to the end'),
    "stages.auth.api_key": (6, 'unknown key; did you mean "api_keys"?'),
    "stages.failover.routes.gpt-4.attempts[0].backend": (
        8,
        'no backend named "opnai"; did you mean "openai"?',
    ),
    "backends.openai.api_key": (
        10,
        "${NOT_SET_ANYWHERE} is not set; set it, or write ${NOT_SET_ANYWHERE:-default}",
    ),
}


def test_check_tells_every_mistake_with_its_place_and_a_hint(toml: Callable[[str], Path]) -> None:
    config = toml(
        """\
[server]
prot = 8000
[pipelines.default]
stages = ["observe", "dispatch", "rate_limt", "failover"]
[stages.auth]
api_key = "x"
[stages.failover.routes."gpt-4"]
attempts = [{ backend = "opnai", model = "gpt-4" }]
[backends.openai]
api_key = "${NOT_SET_ANYWHERE}"
"""
    )
    done = _run("check", "--config", str(config))

    assert done.returncode == 2
    assert done.stdout == ""
    said = {line.split(": ", 2)[1]: line for line in done.stderr.splitlines()}
    assert len(said) == len(MISTAKES)
    for place, (line, message) in MISTAKES.items():
        assert said[place] == f"pipelines.toml:{line}: {place}: {message}"


@pytest.mark.parametrize(
    ("stages", "mend"),
    [
        (["dispatch", "failover"], "move it to the end"),
        (["rate_limit", "auth", "dispatch"], 'put it after "auth"'),
        (["auth", "commands", "session", "dispatch"], 'put it after "session"'),
        (["observe"], 'end with "dispatch"'),
    ],
)
def test_a_wrong_order_does_not_start(
    toml: Callable[[str], Path], stages: list[str], mend: str
) -> None:
    config = toml(f"[pipelines.default]\nstages = {stages}".replace("'", '"'))

    done = _run("serve", "--config", str(config))

    assert done.returncode == 2
    assert "pipelines.toml:2: pipelines.default.stages[" in done.stderr
    assert mend in done.stderr


def test_a_file_that_is_not_there() -> None:
    done = _run("check", "--config", "/nowhere/pipelines.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("/nowhere/pipelines.toml: cannot be read")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

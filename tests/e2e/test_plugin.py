"""The example of a plugin, installed beside the proxy and used."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.process import Server
from tests.support.vendor import Vendor, completion, whole
from tests.support.wheels import ENVIRONMENT, environment_with, wheel_of

PLUGIN = Path(__file__).parents[2] / "examples/plugin"

CONFIG = """
[pipelines.open]
serves = ["/v1/chat/completions"]
stages = ["session", "commands", "always", "dispatch"]
[pipelines.closed]
serves = ["/closed/chat/completions"]
stages = ["session", "commands", "never", "dispatch"]
[stages.always]
use = "office_hours"
opens = 00:00:00
closes = 23:59:59.999999
weekends = true
[stages.never]
use = "office_hours"
opens = 00:00:00
closes = 00:00:00.000001
[backends]
default_backend = "vendor"
[backends.vendor]
type = "openai"
api_url = "http://127.0.0.1:{port}/v1"
"""

HELLO = {"role": "user", "content": "Hello!"}
BRIEF = {"role": "user", "content": "!/brief"}


@pytest.fixture(scope="module")
def environment(proxy_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with both wheels."""
    work = tmp_path_factory.mktemp("plugin")
    return environment_with([proxy_wheel, wheel_of(PLUGIN, work / "plugin")], work / "env")


def run(program: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments],
        cwd=cwd,
        env={
            **ENVIRONMENT,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with Vendor([whole(completion("Hi."))]) as vendor:
        yield vendor


@pytest.fixture
def server(environment: Path, vendor: Vendor, tmp_path: Path) -> Iterator[Server]:
    config = tmp_path / "pipelines.toml"
    config.write_text(CONFIG.format(port=vendor.port), encoding="utf-8")
    paths = {"PYTHONPATH": ENVIRONMENT["PYTHONPATH"], "PYTHONSAFEPATH": "1"}
    with Server(config, paths, python=environment / "bin/python") as server:
        yield server


async def ask(server: Server, *messages: dict[str, str], path: str = "/v1") -> tuple[str, Any]:
    """The text of the answer, or of the error, and the headers."""
    async with (
        aiohttp.ClientSession(server.url, headers={"x-session-id": "s"}) as http,
        http.post(
            f"{path}/chat/completions", json={"model": "gpt-5", "messages": messages}
        ) as response,
    ):
        body = await response.json()
        if response.status == 200:
            return body["choices"][0]["message"]["content"], response.headers
        return f"{response.status} {body['error']['message']}", response.headers


async def test_the_command(server: Server, vendor: Vendor) -> None:
    assert (await ask(server, BRIEF))[0] == "gpt-5 answers in one sentence from now on."
    assert vendor.requests == []

    assert (await ask(server, HELLO))[0] == "Hi."
    assert vendor.requests[-1].json["messages"] == [
        {"role": "system", "content": "Answer in one sentence."},
        HELLO,
    ]

    off = {"role": "user", "content": "!/brief(off)"}
    assert (await ask(server, off))[0] == "Answers are of any length again."
    assert (await ask(server, HELLO))[0] == "Hi."
    assert vendor.requests[-1].json["messages"] == [HELLO]


async def test_the_command_has_a_page_in_the_help(server: Server) -> None:
    listed, _ = await ask(server, {"role": "user", "content": "!/help"})
    line = "- `!/brief` or `!/brief(off)`: Has the model answer in one sentence from now on."
    assert line in listed.splitlines()
    page, _ = await ask(server, {"role": "user", "content": "!/help(brief)"})
    assert page.endswith("Write off to take that back.")


async def test_the_stage(server: Server, vendor: Vendor) -> None:
    told, headers = await ask(server, HELLO, path="/closed")
    assert told.startswith("503 the office opens on ")
    assert told.endswith("day at 00:00 UTC")
    assert 0 < int(headers["Retry-After"]) <= 3 * 24 * 3600
    assert vendor.requests == []

    assert (await ask(server, BRIEF, path="/closed"))[0].startswith("gpt-5 answers ")


def test_the_file_of_the_example(environment: Path) -> None:
    checked = run(environment / "bin/llm-proxy", "check", cwd=PLUGIN)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "session → commands → office_hours → failover" in checked.stdout


def test_a_wrong_option_is_told_at_its_place(environment: Path, tmp_path: Path) -> None:
    text = (PLUGIN / "pipelines.toml").read_text(encoding="utf-8")
    (tmp_path / "pipelines.toml").write_text(text.replace("18:30", "07:00"), encoding="utf-8")
    checked = run(environment / "bin/llm-proxy", "check", cwd=tmp_path)
    assert checked.returncode == 2
    assert checked.stderr == (
        "pipelines.toml:6: stages.office_hours.closes: must be later than 08:00, "
        "when the office opens\n"
    )


def test_the_tests_of_the_example(environment: Path) -> None:
    arguments = ("-m", "pytest", "-c", "pyproject.toml", "-p", "no:cacheprovider")
    tested = run(environment / "bin/python", *arguments, cwd=PLUGIN)
    assert tested.returncode == 0, tested.stdout + tested.stderr

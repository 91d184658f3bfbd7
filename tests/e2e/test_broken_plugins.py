"""What the command line says of plugins that are broken: a line for each, and the status 2."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

OPENS = """\
from llm_proxy.pipeline import Backend, Stage
class Opens(Stage):
    async def __aenter__(self):
        raise OSError("no such disk")
    async def __call__(self, exchange, call_next):
        return await call_next(exchange)
class Answers(Backend):
    async def __aenter__(self):
        raise OSError("no such wire")
    async def send(self, exchange, model): ...
    async def models(self): return []
"""

STAGE = '[pipelines.default]\nstages = ["mine", "dispatch"]\n[stages.mine]\nuse = "opens:Opens"\n'
BACKEND = '[pipelines.default]\nstages = ["dispatch"]\n[backends.mine]\ntype = "opens:Answers"\n'

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _module(tmp_path: Path) -> None:
    (tmp_path / "opens.py").write_text(OPENS, encoding="utf-8")


def run(command: str, config: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit status and what was said on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "llm_proxy.server", command, "--config", config, *arguments],
        env={**os.environ, "PYTHONPATH": str(config.parent), "LOG_FORMAT": "text", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stderr


NO_DISK = (
    'pipelines.toml:3: stages.mine: the stage "opens:Opens" does not start: OSError: no such disk\n'
)
NO_WIRE = (
    'pipelines.toml:3: backends.mine: the backend "opens:Answers" does not start: '
    "OSError: no such wire\n"
)


@pytest.mark.parametrize(("file", "said"), [(STAGE, NO_DISK), (BACKEND, NO_WIRE)])
def test_what_does_not_open(file: str, said: str, toml: Write) -> None:
    assert run("serve", toml(file), "--port", "0") == (2, said)


def test_nothing_is_opened_to_check(toml: Write) -> None:
    assert run("check", toml(STAGE)) == (0, "")


def test_the_lab_opens_it_too(toml: Write) -> None:
    assert run("verify", toml(STAGE)) == (2, NO_DISK)


def test_the_traceback_is_for_who_looks_closer(toml: Write) -> None:
    config = toml(f'{STAGE}[logging]\nlevel = "DEBUG"\n')
    status, said = run("serve", config, "--port", "0")
    assert (status, NO_DISK in said) == (2, True)
    assert "Traceback" in said


def test_several_workers(toml: Write) -> None:
    status, said = run("serve", toml(STAGE), "--port", "1", "--workers", "2")
    assert status == 2
    assert NO_DISK in said
    assert "Traceback" not in said

"""`llm-proxy verify` as a process."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from llm_proxy.lab.faults import FAULTS
from llm_proxy.load import DEFAULT_FILE

Toml = Callable[[str], Path]

COMMAND = [sys.executable, "-m", "llm_proxy.server", "verify", "--config"]

TWO = """
[server]
max_concurrent_requests = 1
[pipelines.default]
serves = ["/v1/messages"]
stages = ["observe", "auth", "rate_limit", {stage}"failover", "dispatch"]
[stages.auth]
api_keys = "a-clients-key"
[stages.failover.routes.best]
attempts = [{{ backend = "one", model = "gpt-5" }}, {{ backend = "two", model = "gemini-3-pro" }}]
[backends]
default_backend = "one"
[backends.one]
type = "openai"
api = "responses"
api_key = "${{ONE_KEY:-}}"
[backends.two]
type = "gemini"
api_key = ""
"""

BEGUN = {"stall-1", "stall-n", "cut-1", "cut-n", "cut-character", "cut-frame", "cut-chunk"}
BEGUN |= {"cut-clean"}
"""Faults that come when a stream has begun."""

THE_REQUESTS = {"error-400", "error-409", "error-413", "context-too-long"}
"""Faults that would be the same anywhere."""

SILENT = {"empty", "content-filter"}


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    root = str(Path(__file__).parents[2])
    return {**clean, "PYTHONWARNINGS": "error", "PYTHONPATH": root, "PYTHONUTF8": "1", **more}


def verified(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, path],
        capture_output=True,
        text=True,
        check=False,
        timeout=55,
        env=_environment(environment),
    )


def sections(output: str) -> dict[tuple[str, str], dict[str, str]]:
    """Route and place of the fault → fault → what a client sees."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    route = place = ""
    for line in output.splitlines():
        if line.startswith('"'):
            route = line.split('"')[1]
        elif line.startswith("  faults at "):
            place = line.removeprefix("  faults at ").rstrip(":")
        elif line.startswith("    ") and place:
            name, _, words = line.strip().partition(" ")
            found.setdefault((route, place), {})[name] = words.strip()
    return found


def test_the_default_file() -> None:
    done = verified(DEFAULT_FILE)
    assert (done.returncode, done.stderr) == (0, "")
    found = sections(done.stdout)
    assert list(found) == [
        (route, place)
        for route in ("gpt-4", "failover-demo")
        for place in ("the first target", "every target")
    ]
    for lines in found.values():
        assert list(lines) == [fault.name for fault in FAULTS]
    summary = done.stdout.splitlines()[-1]
    assert summary.startswith(f"{8 * len(FAULTS)} cases: ")
    assert summary.endswith(", 0 wrong")
    assert "200 from local:echo" in found["failover-demo", "the first target"]["error-503"]


def test_two_vendors_of_different_dialects_before_a_client_of_a_third(toml: Toml) -> None:
    done = verified(toml(TWO.format(stage="")), ONE_KEY="the-operators-own-key", LOG_LEVEL="DEBUG")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the-operators-own-key" not in done.stdout
    assert "Left out, for they would keep the lab's client out: auth, rate_limit." in done.stdout
    assert '"best" at /v1/messages: one:gpt-5 → two:gemini-3-pro' in done.stdout
    assert done.stdout.splitlines()[-1].endswith(", 0 wrong")

    first = sections(done.stdout)["best", "the first target"]
    assert set(first) == {fault.name for fault in FAULTS}
    for name, words in first.items():
        if name in SILENT | THE_REQUESTS:
            continue
        assert "200 from two:gemini-3-pro" in words, name
        told = '| streamed: 200, then an error in the stream after "answered by one:gpt-5,'
        assert (told in words) is (name in BEGUN), name
    every = sections(done.stdout)["best", "every target"]
    assert not [name for name, words in every.items() if "200 from" in words]


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("Swallows", 'streamed: 200, a part that passes for the whole: "answered by one:gpt-5,'),
        ("Mixes", '200, an answer of no single target: "answered by nobody, answered by two:'),
    ],
)
def test_a_wrong_chain_is_found(toml: Toml, stage: str, words: str) -> None:
    done = verified(toml(TWO.format(stage=f'"tests.support.bad_stages:{stage}", ')))
    assert done.returncode == 1
    marked = [line for line in done.stdout.splitlines() if line.startswith("  ✗ ")]
    assert [line for line in marked if words in line]
    assert not done.stdout.splitlines()[-1].endswith(" 0 wrong")


def test_a_wrong_file(toml: Toml) -> None:
    done = verified(toml('[pipelines.a]\nstages = ["dispatsch"]\n'))
    assert (done.returncode, done.stdout) == (2, "")
    assert 'no stage named "dispatsch"; did you mean "dispatch"?' in done.stderr


def test_an_interrupt_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [*COMMAND, DEFAULT_FILE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment({}),
    )
    try:
        assert process.stdout is not None
        while not process.stdout.readline().startswith('"gpt-4"'):
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (130, "")
    finally:
        process.kill()
        process.wait()


def test_the_help_explains_every_fault() -> None:
    done = subprocess.run(
        [*COMMAND[:-1], "--help"], capture_output=True, text=True, check=True, timeout=30
    )
    assert all(fault.about in done.stdout for fault in FAULTS)

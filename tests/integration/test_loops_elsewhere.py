"""A whole answer that goes round in circles, asked for again: through a chain from a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import load
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.stages.loop_detection import NOTICE
from tests.support.stages import asking, text_of

CONFIG = """
[pipelines.a]
stages = ["loop_detection", "failover", "dispatch"]
[stages.loop_detection]
action = "{action}"
[stages.failover.routes.m]
attempts = [{{ backend = "local", model = "loop" }}, {{ backend = "local", model = "echo" }}]
[backends.local]
"""

ROUND = "I have told you this before and I will tell you again. "


@pytest.mark.parametrize(
    ("action", "model", "expected", "reasons"),
    [
        ("failover", "m", "hello", ["loop", "ok"]),
        ("failover", "local:loop", ROUND + NOTICE, ["loop"]),
        ("retry", "m", ROUND + NOTICE, ["loop", "ok"]),
        ("stop", "m", ROUND + NOTICE, ["ok"]),
    ],
)
async def test_what_becomes_of_it(
    toml: Callable[[str], Path], action: str, model: str, expected: str, reasons: list[str]
) -> None:
    exchange: Exchange = asking(model=model)
    path = toml(CONFIG.format(action=action))
    async with load(path, environment={}) as pipeline, await pipeline(exchange) as reply:
        assert text_of(await reply.collect()) == expected
    assert [attempt.reason for attempt in exchange.trace.attempts] == reasons

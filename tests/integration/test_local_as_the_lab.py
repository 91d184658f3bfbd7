"""A fault of the local backend is what the backend of a vendor makes of the lab's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.backends.local.models import MODELS
from llm_proxy.lab.answers import asked_of
from llm_proxy.lab.faults import FAULTS, Fault
from llm_proxy.lab.vendor import Connection, Vendor
from llm_proxy.load import load
from llm_proxy.pipeline.chain import Pipeline
from llm_proxy.pipeline.errors import Kind, ProxyError, UpstreamError
from llm_proxy.pipeline.events import End, Failure, Finish, TextDelta
from tests.support.stages import asking

CONFIG = """
[pipelines.a]
stages = ["dispatch"]
[backends.local]
[backends.vendor]
type = "openai"
api_url = "{url}"
"""

SAME = [fault for fault in FAULTS if fault.name in MODELS]

Told = tuple[type[ProxyError], Kind, int, bool]


def told(error: ProxyError) -> Told:
    assert isinstance(error, UpstreamError)
    return type(error), error.kind, error.status, error.fault


async def outcome(pipeline: Pipeline, model: str) -> tuple[bool, list[str], Told | None]:
    """Whether text came, how it ended, and the error. A stall ends it."""
    try:
        reply = await pipeline(asking("one two three", model=model, stream=True))
    except ProxyError as error:
        return False, ["raised"], told(error)
    async with reply:
        events = [event async for batch in reply.limit_gaps(0.05) for event in batch]
    last = events[-1]
    finishes = [event.reason for event in events if isinstance(event, Finish)]
    text = any(isinstance(event, TextDelta) for event in events)
    if isinstance(last, Failure):
        return text, [*finishes, "failed"], told(last.error)
    assert isinstance(last, End)
    return text, [*finishes, "ended"], None


@pytest.mark.parametrize(
    "fault", [fault for fault in SAME if fault.name != "stall-0"], ids=lambda fault: fault.name
)
async def test_they_come_to_the_same(toml: Callable[[str], Path], fault: Fault) -> None:
    async def play(at: Connection) -> None:
        asked = asked_of("vendor", at.received)
        assert asked is not None
        assert fault.deed is not None
        await fault.deed(asked)(at)

    async with Vendor([play]) as vendor:
        url = vendor.url if fault.deed else "http://127.0.0.1:1/v1"
        async with load(toml(CONFIG.format(url=url)), environment={}) as pipeline:
            by_vendor = await outcome(pipeline, "vendor:m")
            by_local = await outcome(pipeline, f"local:{fault.name}")
    assert by_local == by_vendor

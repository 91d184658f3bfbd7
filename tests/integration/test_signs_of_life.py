"""While a dialect wants a tool call in one piece, its client hears that it is still coming."""

import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import End
from tests.support.one_vendor import STREAMED, Start, asked
from tests.support.scripts import SCRIPTS
from tests.support.vendor import streamed


async def test_a_call_that_is_held_back(
    before_vendor: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_proxy.web.answers.LONGEST_SILENCE", 0.0)
    frames = SCRIPTS["openai_chat"]["WORK"].frames
    client, _ = await before_vendor("openai_chat", streamed(frames, pause=0.005))
    async with client.post(STREAMED["gemini"], json=asked("gemini")) as response:
        body = await response.read()

    text, _, call = body.partition(b'"functionCall"')
    assert text.count(b"\n\n\n") >= 2, "bare line ends, which Google's SDK skips"
    assert call
    reader = DIALECTS["gemini"].read_stream()
    assert isinstance([*reader.feed(body), *reader.close()][-1], End)


async def test_nothing_is_added_to_a_stream_that_flows(before_vendor: Start) -> None:
    frames = SCRIPTS["openai_chat"]["WORK"].frames
    client, _ = await before_vendor("openai_chat", streamed(frames))
    async with client.post(STREAMED["gemini"], json=asked("gemini")) as response:
        assert b"\n\n\n" not in await response.read()

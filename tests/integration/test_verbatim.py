"""A client that speaks its vendor's own dialect: what no stage touches passes byte for byte."""

import orjson
import pytest

from tests.support.captures import CAPTURES, Capture
from tests.support.one_vendor import PATHS, STREAMED, Start, asked
from tests.support.scripts import SCRIPTS, data, named
from tests.support.vendor import streamed, whole

STRANGE: dict[str, list[bytes]] = {
    "openai_chat": [b": a comment\n\n", data({"object": "of.tomorrow", "choices": []})],
    "openai_responses": [named({"type": "response.of_tomorrow", "sequence_number": 2})],
    "anthropic_messages": [named({"type": "ping"}), named({"type": "of_tomorrow", "x": [1]})],
    "gemini": [data({"candidates": [], "ofTomorrow": {"x": 1}})],
}
"""Frames that no dialect of today knows."""

every_dialect = pytest.mark.parametrize("dialect", list(SCRIPTS))


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
async def test_an_agents_request_leaves_byte_for_byte(
    before_vendor: Start, capture: Capture
) -> None:
    client, vendor = await before_vendor(capture.dialect, whole(b"{}", 400))
    raw = capture.raw
    if capture.dialect == "openai_chat" and "stream_options" not in capture.body:
        pytest.fail("the capture asks for its usage itself")
    async with client.post(
        capture.path, params=capture.query, data=raw, headers=dict(capture.headers)
    ) as response:
        assert response.status == 400
    assert vendor.requests[-1].body == raw


@every_dialect
async def test_a_whole_answer_comes_byte_for_byte(before_vendor: Start, dialect: str) -> None:
    answer = {**SCRIPTS[dialect]["WORK"].whole, "of_tomorrow": {"x": [1, None]}}
    client, _ = await before_vendor(dialect, whole(answer))
    async with client.post(PATHS[dialect], json=asked(dialect)) as response:
        body = await response.read()
        assert response.status == 200, body
    assert body == orjson.dumps(answer)


@every_dialect
@pytest.mark.parametrize("script", ["TALK", "WORK"])
async def test_a_streamed_answer_comes_byte_for_byte(
    before_vendor: Start, dialect: str, script: str
) -> None:
    frames = list(SCRIPTS[dialect][script].frames)
    frames[2:2] = STRANGE[dialect]
    client, _ = await before_vendor(dialect, streamed(frames))
    async with client.post(STREAMED[dialect], json=asked(dialect, stream=True)) as response:
        body = await response.read()
        assert response.status == 200, body
    assert body == b"".join(frames)


async def test_geminis_list_form_carries_the_same_objects(before_vendor: Start) -> None:
    frames = SCRIPTS["gemini"]["WORK"].frames
    client, vendor = await before_vendor("gemini", streamed(frames))
    async with client.post("/v1/models/m:streamGenerateContent", json=asked("gemini")) as response:
        assert response.content_type == "application/json"
        body = await response.read()
    objects = [frame.removeprefix(b"data: ").removesuffix(b"\n\n") for frame in frames]
    assert body == b"[" + b",\r\n".join(objects) + b"]"
    assert vendor.requests[-1].path == "/v1beta/models/m:streamGenerateContent?alt=sse"

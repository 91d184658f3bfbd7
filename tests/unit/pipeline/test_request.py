"""The typed view of a request."""

import json
from dataclasses import replace

import pytest

from llm_proxy.pipeline.request import (
    ChatRequest,
    Message,
    OpaquePart,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)


def test_the_text_of_a_message_is_its_own_text_alone() -> None:
    parts = (
        Text("a"),
        OpaquePart({"type": "image"}),
        ToolResult("1", "not this"),
        ToolCall("1", "f", "{}"),
        Text("b"),
    )
    assert "ab" == Message("user", parts).text
    assert "" == Message("assistant", ()).text


def test_other_parts_mark_a_copy_as_touched_and_keep_its_origin() -> None:
    origin = {"role": "user", "content": "a", "x": 1}
    first = Message("user", (Text("a"),), origin)
    assert Message("user", (Text("b"),), origin, touched=True) == first.with_parts([Text("b")])
    assert Message("user", (Text("a"),), origin, touched=False) == first


def test_a_setting_is_changed_in_a_copy() -> None:
    first = ChatRequest("m", (), params={"seed": 1})
    assert {"seed": 2} == first.with_param("seed", 2).params
    assert {"seed": 1, "top_k": 3} == first.with_param("top_k", 3).params
    assert {"seed": 1} == first.params


def test_a_setting_is_left_out_in_a_copy() -> None:
    first = ChatRequest("m", (), params={"seed": 1, "top_k": 3})
    assert {"top_k": 3} == first.without_param("seed").params
    assert first == first.without_param("temperature")
    assert {"seed": 1, "top_k": 3} == first.params


def test_requests_and_tools_share_no_default() -> None:
    assert ChatRequest("m", ()).params is not ChatRequest("m", ()).params
    assert Tool("f").parameters is not Tool("f").parameters


# --- mentions: False only if the text surely does not stand in the conversation -----------------


def read_from(raw: bytes, text: str) -> ChatRequest:
    """A request of one turn that came as `raw`."""
    messages = (Message("user", (Text(text),)),)
    source = Source("openai_chat", raw, {}, messages, {}, (), None)
    return ChatRequest("m", messages, source=source)


def test_a_request_that_did_not_come_as_bytes_may_mention_anything() -> None:
    assert ChatRequest("m", ()).mentions("!/help") is True


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"content": "say !/help"}', True),
        (b'{"content": "say help"}', False),
        (rb'{"content": "say \u0021/help"}', True),
        (rb'{"content": "say !\/help"}', True),
    ],
)
def test_bytes_with_the_text_or_with_escapes_may_mention_it(raw: bytes, expected: bool) -> None:  # noqa: FBT001
    assert expected is read_from(raw, "").mentions("!/help")


@pytest.mark.parametrize("text", ['say "hi"', "a\nb", "back\\slash", "tab\t", "é", "🙂"])
def test_text_that_json_writes_otherwise_is_found(text: str) -> None:
    for ascii_only in (True, False):
        raw = json.dumps({"content": f"<{text}>"}, ensure_ascii=ascii_only).encode()
        assert read_from(raw, f"<{text}>").mentions(text) is True


def test_text_that_a_stage_has_put_in_is_found() -> None:
    first = read_from(b'{"content": "hello"}', "hello")
    changed = replace(first, messages=(first.messages[0].with_parts([Text("!/help")]),))
    assert changed.mentions("!/help") is True

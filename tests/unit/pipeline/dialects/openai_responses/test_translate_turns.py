from typing import Any

import pytest

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.openai_responses.translate_turns import Items
from llm_proxy.pipeline.dialects.seals import FOREIGN
from llm_proxy.pipeline.dialects.turns import conversation
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message, Role
from llm_proxy.pipeline.traits import Traits

IMAGE = Image(Media("image/png", "iVBO"))
URL = "data:image/png;base64,iVBO"
INPUT_IMAGE = {"type": "input_image", "image_url": URL, "detail": "auto"}
BLOCK = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"}


def written(*turns: tuple[Role, list[Part]], **traits: Any) -> tuple[dict[str, Any], Losses]:
    messages = [Message(role, tuple(parts)) for role, parts in turns]
    losses = Losses()
    talk = conversation(ChatRequest("m", messages))
    return Items(Recipient("m", "v", Traits(**traits)), losses).written(talk), losses


def items(*turns: tuple[Role, list[Part]], **traits: Any) -> Any:
    return written(*turns, **traits)[0]["input"]


def content(*parts: Part, **traits: Any) -> Any:
    return items(("user", list(parts)), **traits)[0]["content"]


def said(*parts: Part, **traits: Any) -> tuple[Any, tuple[str, ...]]:
    fields, losses = written(("user", [Text("q")]), ("assistant", list(parts)), **traits)
    return fields["input"][1:], losses.told


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        (Text("a"), {"type": "input_text", "text": "a"}),
        (IMAGE, INPUT_IMAGE),
        (
            Image(Media(url="https://x"), "high"),
            {"type": "input_image", "image_url": "https://x", "detail": "high"},
        ),
        (
            Document(Media("application/pdf", "QQ=="), "a.pdf"),
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,QQ==",
            },
        ),
        (
            Document(Media(url="https://x/a.pdf")),
            {"type": "input_file", "file_url": "https://x/a.pdf"},
        ),
        (Document(Media("text/plain", "aGk="), "n"), {"type": "input_text", "text": "n:\nhi"}),
    ],
)
def test_what_the_user_says(part: Part, wire: Any) -> None:
    assert [wire] == content(part)


@pytest.mark.parametrize(
    ("part", "traits"),
    [
        (Image(Media(file_id="f")), {}),
        (Document(Media(file_id="f")), {}),
        (Image(Media(url="https://x")), {"image_urls": False}),
        (Audio(Media("audio/wav", "QQ==")), {}),
    ],
)
def test_what_cannot_be_shown_is_refused(part: Part, traits: Any) -> None:
    with pytest.raises(Untranslatable):
        content(part, **traits)


def test_system_texts_are_instructions_and_later_ones_items() -> None:
    fields, _ = written(
        ("system", [Text("a"), Text("b")]), ("user", [Text("q")]), ("developer", [Text("c")])
    )
    assert "a\n\nb" == fields["instructions"]
    assert {"role": "system", "content": [{"type": "input_text", "text": "c"}]} == fields["input"][
        1
    ]


def test_cache_marks_only_where_they_are_known() -> None:
    turns: list[tuple[Role, list[Part]]] = [
        ("system", [Text("a", cache="long")]),
        ("user", [Text("q", cache="short")]),
    ]
    plain, _ = written(*turns)
    assert "a" == plain["instructions"]
    assert "prompt_cache_breakpoint" not in str(plain)
    system, user = items(*turns, cache_marks="breakpoint")
    assert {"mode": "explicit", "ttl": "12h"} == system["content"][0]["prompt_cache_breakpoint"]
    assert {"mode": "explicit", "ttl": "30m"} == user["content"][0]["prompt_cache_breakpoint"]


def test_text_and_calls_keep_their_order() -> None:
    got, told = said(Text("a"), Text("b"), ToolCall("c", "f", ""), Refusal("no"))
    assert [
        {"role": "assistant", "content": "ab"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "refusal", "refusal": "no"}],
        },
    ] == got
    assert () == told


def test_own_state_is_restored_and_any_other_dropped() -> None:
    own = Reasoning("t", Seal("openai_responses", BLOCK, "v"))
    assert ([BLOCK, {"role": "assistant", "content": "a"}], ()) == said(own, Text("a"))
    for seal in (Seal("openai_responses", BLOCK, "w"), Seal("gemini", {}, "v")):
        got, told = said(Reasoning("t", seal), Text("a"))
        assert [{"role": "assistant", "content": "a"}] == got
        assert (f"dropped {FOREIGN}",) == told
    _, told = said(Reasoning("t"), Text("a"))
    assert ("dropped reasoning without its vendor's state",) == told


def test_a_client_brought_state_of_the_dialect_fits() -> None:
    assert [BLOCK] == said(Reasoning("", Seal("openai_responses", BLOCK)))[0]


def result(*parts: Any, custom: bool = False, is_error: bool = False, **traits: Any) -> Any:
    call = ToolCall("c", "f", "x", custom=custom)
    back = ToolResult("c", parts, is_error=is_error, custom=custom)
    return items(("assistant", [call]), ("user", [Text("t"), back]), **traits)[1]


def test_results() -> None:
    assert {"type": "function_call_output", "call_id": "c", "output": "a\n\nb"} == result(
        Text("a"), Text("b")
    )
    assert "" == result()["output"]
    assert [INPUT_IMAGE] == result(IMAGE)["output"]
    assert '{"x":1}' == result(OpaquePart({"x": 1}))["output"]
    assert "Error: a" == result(Text("a"), is_error=True)["output"]
    assert "Error: a" == result(Text("Error: a"), is_error=True)["output"]
    error, image = result(IMAGE, is_error=True)["output"]
    assert ("Error:", INPUT_IMAGE) == (error["text"], image)


def test_custom_calls_and_results() -> None:
    native = result(Text("a"), custom=True, custom_tools=True)
    assert {"type": "custom_tool_call_output", "call_id": "c", "output": "a"} == native
    assert "function_call_output" == result(Text("a"), custom=True)["type"]
    call = ToolCall("c", "f", "x", custom=True)
    assert "x" == said(call, custom_tools=True)[0][0]["input"]
    assert '{"input":"x"}' == said(call)[0][0]["arguments"]


def test_a_call_without_a_result_gets_one() -> None:
    *_, output, _ = items(("assistant", [ToolCall("c", "f", "")]), ("user", [Text("t")]))
    assert output["output"].startswith("Error: ")


def test_what_has_no_place_is_dropped_aloud() -> None:
    got, told = said(OpaquePart({}, "server_tool_use"), IMAGE, Text("a"))
    assert [{"role": "assistant", "content": "a"}] == got
    assert ("dropped server_tool_use", "dropped image") == told

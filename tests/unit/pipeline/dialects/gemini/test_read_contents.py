from typing import Any

import pytest

from llm_proxy.pipeline.dialects.gemini.signatures import tagged
from llm_proxy.pipeline.parts import (
    OpaquePart,
    Reasoning,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from tests.unit.pipeline.dialects.gemini.bodies import USER, read

THEIRS = Seal("anthropic_messages", {"signature": "s"}, "a")


def parts(*raw: Any, role: str = "model") -> Any:
    message = read({"contents": [USER, {"role": role, "parts": list(raw)}]}).messages[1]
    return [strip(part) for part in message.parts]


def strip(part: Any) -> Any:
    return type(part)(
        **{
            name: getattr(part, name)
            for name in part.__slots__
            if name != "origin" or isinstance(part, OpaquePart)
        }
    )


def test_turns_and_the_system_instruction() -> None:
    body = {
        "system_instruction": {"parts": [{"text": "S"}, {"text": "T"}]},
        "contents": [
            {"parts": [{"text": "a"}]},
            {"role": "model", "parts": [{"text": "b"}]},
            {"role": "function", "parts": []},
        ],
    }
    messages = read(body).messages
    assert ["system", "user", "assistant", "user"] == [message.role for message in messages]
    assert ["ST", "a", "b", ""] == [message.text for message in messages]


def test_one_content_and_one_part_may_stand_without_a_list() -> None:
    assert "a" == read({"contents": {"parts": {"text": "a"}}}).messages[0].text


def test_calls_and_results_without_ids_find_each_other_by_name_and_order() -> None:
    call, answer = {"name": "f", "args": {"a": 1}}, {"name": "f", "response": {"output": "x"}}
    other = {"functionCall": {"name": "g"}}
    contents = [
        USER,
        {"role": "model", "parts": [{"function_call": call}, other, {"functionCall": call}]},
        {
            "parts": [
                {"functionResponse": {**answer, "name": "g"}},
                {"function_response": answer},
                {"functionResponse": answer},
            ]
        },
        {"role": "model", "parts": [{"functionCall": call}]},
        {"parts": [{"functionResponse": answer}]},
    ]
    first = read({"contents": contents})
    calls = [part for m in first.messages for part in m.parts if isinstance(part, ToolCall)]
    results = [part for m in first.messages for part in m.parts if isinstance(part, ToolResult)]
    assert 4 == len({call.id for call in calls})
    assert [calls[1].id, calls[0].id, calls[2].id, calls[3].id] == [result.id for result in results]
    again = read({"contents": contents})
    assert first.messages == again.messages


def test_given_ids_are_kept() -> None:
    call = {"functionCall": {"id": "c1", "name": "f"}}
    result = {"functionResponse": {"id": "c1", "name": "f", "response": {"error": "no"}}}
    contents = [USER, {"role": "model", "parts": [call]}, {"parts": [result]}]
    _, assistant, user = read({"contents": contents}).messages
    assert [ToolCall("c1", "f", "{}")] == [strip(part) for part in assistant.parts]
    assert [ToolResult("c1", (Text("no"),), is_error=True, name="f")] == [
        strip(p) for p in user.parts
    ]


def test_native_signatures_are_kept_beside_their_parts() -> None:
    call = {"functionCall": {"id": "c", "name": "f"}, "thought_signature": "a-_"}
    own = {"thoughtSignature": "a-_"}
    assert [ToolCall("c", "f", "{}", seal=Seal("gemini", own, None, "c"))] == parts(call)
    assert [Text("a"), Reasoning("", Seal("gemini", own))] == parts({"text": "a", **own})
    assert [Reasoning("", Seal("gemini", own))] == parts({"text": "", **own})
    thought = {"text": "hm", "thought": True, **own}
    assert [Reasoning("hm", Seal("gemini", thought))] == parts(thought)


@pytest.mark.parametrize(
    "alphabet", [str, lambda text: text.replace("+", "-").replace("/", "_").rstrip("=")]
)
def test_tags_of_ours_are_opened(alphabet: Any) -> None:
    signature = alphabet(tagged([THEIRS, THEIRS]))
    state = Reasoning("", THEIRS)
    assert [state, state, Text("a")] == parts({"text": "a", "thoughtSignature": signature})
    assert [state, state] == parts({"text": "", "thoughtSignature": signature})
    call = {"functionCall": {"id": "c", "name": "f"}, "thoughtSignature": signature}
    assert [state, state, ToolCall("c", "f", "{}")] == parts(call)
    thought = {"text": "hm", "thought": True, "thoughtSignature": signature}
    assert [Reasoning("hm", THEIRS), state] == parts(thought)

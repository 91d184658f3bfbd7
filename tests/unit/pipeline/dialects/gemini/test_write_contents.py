from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.gemini.signatures import PLACEHOLDER, tagged
from llm_proxy.pipeline.parts import Seal, Text
from llm_proxy.pipeline.request import Message
from tests.unit.pipeline.dialects.gemini.bodies import AGENT, USER, read, sent, to_model

THEIRS = Seal("anthropic_messages", {"signature": "s"}, "a")


def test_a_system_turn_in_front_joins_the_instruction() -> None:
    request = read(AGENT)
    new = Message("system", (Text("first"),))
    told = sent(replace(request, messages=[new, *request.messages]))["systemInstruction"]
    assert {"role": "user", "parts": [{"text": "first"}, {"text": "S"}]} == told
    bare = read({"contents": [USER]})
    told = sent(replace(bare, messages=[new, *bare.messages]))
    assert {"contents": [USER], "systemInstruction": {"parts": [{"text": "first"}]}} == told


def test_removed_turns_go() -> None:
    request = read(AGENT)
    told = sent(replace(request, messages=request.messages[1:2]))
    assert AGENT["contents"][:1] == told["contents"]
    assert "systemInstruction" not in told


def signed(signature: str) -> Any:
    call = {"functionCall": {"name": "f", "args": {}, "x": 1}, "thoughtSignature": signature}
    text = {"text": "a", "thoughtSignature": signature, "x": 1}
    return {
        "contents": [
            USER,
            {"role": "model", "parts": [text, call]},
            {"parts": [{"functionResponse": {"name": "f"}}]},
        ]
    }


def test_a_call_whose_state_was_another_vendors_gets_a_placeholder() -> None:
    told = sent(read(signed(tagged([THEIRS]))), to_model(thinking="level"))
    assert PLACEHOLDER == told["contents"][1]["parts"][1]["thoughtSignature"]

from typing import Any

from llm_proxy.pipeline.dialects.gemini.signatures import tagged
from llm_proxy.pipeline.parts import (
    OpaquePart,
    Seal,
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


def test_a_damaged_tag_is_nobodys() -> None:
    (state, _) = parts({"text": "a", "thoughtSignature": tagged([THEIRS])[:20]})
    assert ("", "") == (state.seal.dialect, state.seal.maker)

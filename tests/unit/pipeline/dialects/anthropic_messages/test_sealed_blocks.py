from llm_proxy.pipeline.dialects.anthropic_messages.sealed_blocks import (
    redacted_block,
    signature_of,
)
from llm_proxy.pipeline.dialects.seals import untag
from llm_proxy.pipeline.parts import Seal

FOREIGN = Seal("gemini", {"type": "redacted_thinking"}, "google")
NAME = "anthropic_messages"


def test_a_block_that_nobody_may_see() -> None:
    block = {"type": "redacted_thinking", "data": "E"}
    assert block == redacted_block(Seal(NAME, block))
    assert redacted_block(FOREIGN) is None
    assert redacted_block(Seal(NAME, {"type": "thinking"})) is None


def test_signatures() -> None:
    assert "E" == signature_of(Seal(NAME, {"signature": "E"}, "us"))
    assert [FOREIGN] == untag(signature_of(FOREIGN))
    odd = Seal(NAME, {"signature": 1}, "us")
    assert [odd] == untag(signature_of(odd))

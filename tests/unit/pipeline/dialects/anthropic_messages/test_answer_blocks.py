from llm_proxy.pipeline.dialects.anthropic_messages.answer_blocks import AnswerBlocks
from llm_proxy.pipeline.events import Frame, ReasoningState, ToolCallDelta, ToolCallEnd
from llm_proxy.pipeline.parts import Seal

FRAME = Frame(b"", 0, "x")


def test_a_thought_is_whole_when_it_is_signed() -> None:
    blocks = AnswerBlocks("us")
    blocks.start(0, {"type": "thinking", "thinking": "a", "x": 1}, FRAME)
    blocks.delta(0, {"type": "thinking_delta", "thinking": "b"}, FRAME)
    signed = blocks.delta(0, {"type": "signature_delta", "signature": "E"}, FRAME)
    block = {"type": "thinking", "thinking": "ab", "signature": "E", "x": 1}
    assert [ReasoningState(Seal("anthropic_messages", block, "us"), FRAME)] == signed


def test_calls_are_counted_by_themselves() -> None:
    blocks = AnswerBlocks("us")
    assert blocks.has_calls is False
    for index in (0, 2):
        blocks.start(index, {"type": "tool_use", "id": "a", "name": "f"}, FRAME)
        blocks.start(index + 1, {"type": "text"}, FRAME)
    piece = {"type": "input_json_delta", "partial_json": "{}"}
    assert [ToolCallDelta(1, "{}", FRAME)] == blocks.delta(2, piece, FRAME)
    assert [ToolCallEnd(0, FRAME), ToolCallEnd(1, FRAME)] == blocks.stop_all(FRAME)
    assert blocks.has_calls is True
    assert [] == blocks.stop_all(FRAME)

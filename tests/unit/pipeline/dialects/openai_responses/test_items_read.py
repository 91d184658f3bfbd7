from llm_proxy.pipeline.dialects.openai_responses.items_read import ItemsRead
from llm_proxy.pipeline.events import (
    Frame,
    ReasoningDelta,
    TextDelta,
    ToolCallEnd,
    ToolCallStart,
)

FRAME = Frame(b"", 1, "x")


def test_a_text_is_told_once() -> None:
    items = ItemsRead("v")
    assert [TextDelta("Hi", FRAME)] == list(items.piece(0, "text", 0, "Hi", FRAME))
    assert [TextDelta("!", FRAME)] == list(items.whole(0, "text", 0, "Hi!", FRAME))
    item = {"type": "message", "content": [{"text": "Hi!"}]}
    assert [] == list(items.finish(0, item, FRAME))
    assert [] == list(items.finish(0, item, FRAME))


def test_parts_of_reasoning_stand_apart() -> None:
    items = ItemsRead("v")
    texts = [e for n, t in ((0, "a"), (0, "b"), (1, "c")) for e in items.piece(0, "s", n, t, FRAME)]
    assert [ReasoningDelta(t, FRAME) for t in ("a", "b", "\n\nc")] == texts


def test_places_in_the_final_output() -> None:
    items = ItemsRead("v")
    list(items.start(2, {"type": "message", "id": "m"}, FRAME))
    assert 2 == items.place(0, {"id": "m"})
    assert 0 == items.place(0, {"id": "other"})
    assert 3 == items.place(2, {})


def test_a_call_without_a_name_opens_when_it_is_known() -> None:
    items = ItemsRead("v")
    assert [] == list(items.start(0, {"type": "function_call", "call_id": "c"}, FRAME))
    done = list(items.finish(0, {"type": "function_call", "call_id": "c", "name": "f"}, FRAME))
    assert [ToolCallStart(0, "c", "f", FRAME), ToolCallEnd(0, FRAME)] == done


def test_a_call_without_an_id_gets_one() -> None:
    start, _ = ItemsRead("v").finish(0, {"type": "function_call", "name": "f"}, FRAME)
    assert isinstance(start, ToolCallStart)
    assert start.id.startswith("call_")

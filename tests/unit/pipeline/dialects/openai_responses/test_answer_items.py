from llm_proxy.pipeline.dialects.openai_responses.answer_items import Call, Foreign, Spoken
from llm_proxy.pipeline.dialects.seals import untag
from llm_proxy.pipeline.parts import Seal


def test_a_second_part_has_the_next_number() -> None:
    item = Spoken(4, {"type": "message", "id": "m"})
    wires = [*item.say("output_text", "a"), *item.say("refusal", "no"), *item.done("completed")]
    numbers = [fields.get("content_index") for _, fields in wires]
    assert [0, 0, 0, 0, 1, 1, 1, 1, None] == numbers
    assert {4} == {fields["output_index"] for _, fields in wires}
    kinds = [part["type"] for part in item.fields["content"]]
    assert ["output_text", "refusal"] == kinds


def test_seals_are_told_when_the_reasoning_is_done() -> None:
    seal = Seal("gemini", {"s": 1}, "g")
    item = Spoken(0, {"type": "reasoning", "id": "r"}, [seal, seal])
    ((_, fields),) = item.done("completed")
    assert [seal, seal] == untag(fields["item"]["encrypted_content"])
    assert [] == fields["item"]["summary"]


def test_a_custom_call_may_be_empty() -> None:
    call = Call(0, {"type": "custom_tool_call", "id": "c"})
    assert "" == next(call.done("completed"))[1]["input"]
    function = Call(0, {"type": "function_call", "id": "c"})
    assert ["{}", "{}"] == [f.get("delta", f.get("arguments")) for _, f in function.done("x")][:2]


def test_an_unknown_item_ends_as_it_is() -> None:
    ((kind, fields),) = Foreign(1, {"type": "x"}).done("completed")
    assert ("response.output_item.done", {"type": "x"}) == (kind, fields["item"])

from llm_proxy.pipeline.dialects.openai_responses.reasoning import (
    own_reasoning_id,
    read_reasoning,
    reasoning_text,
    sealed_item,
)
from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.parts import Reasoning, Seal

TEXT = {"type": "summary_text", "text": "a"}
ONE, TWO = Seal("gemini", {"s": 1}, "g"), Seal("gemini", {"s": 2}, "g", "call_1")


def test_text_is_the_summary_or_the_thought_itself() -> None:
    assert "a\n\na" == reasoning_text({"summary": [TEXT, {}, TEXT]})
    assert "b" == reasoning_text({"summary": [], "content": [{"text": "b"}]})
    assert "" == reasoning_text({"summary": 1})


def test_a_tag_gives_back_its_seals() -> None:
    item = {"id": "rs_px1", "summary": [TEXT], "encrypted_content": tag([ONE, TWO])}
    assert (Reasoning("a", ONE, item), Reasoning("", TWO)) == read_reasoning(item)


def test_what_this_proxy_wrote_without_state_is_nobodys() -> None:
    item = {"id": own_reasoning_id(), "summary": [TEXT]}
    assert (Reasoning("a", None, item),) == read_reasoning(item)
    assert (Reasoning("a", None, {"summary": [TEXT]}),) == read_reasoning({"summary": [TEXT]})


def test_a_stored_item_is_its_vendors() -> None:
    item = {"id": "rs_1", "summary": []}
    assert (Reasoning("", Seal("openai_responses", item), item),) == read_reasoning(item)


def test_a_vendors_item_is_kept_as_it_goes_back() -> None:
    item = {"id": "rs_1", "summary": [], "encrypted_content": "e", "status": "completed"}
    seal = sealed_item(item, "v")
    assert seal is not None
    assert {"id": "rs_1", "summary": [], "encrypted_content": "e"} == seal.block
    assert sealed_item({"id": "rs_1"}, "v") is None

from llm_proxy.pipeline.dialects.openai_responses.answer_items import Call, Foreign, Spoken
from llm_proxy.pipeline.dialects.openai_responses.said import said, said_in
from tests.unit.pipeline.dialects.openai_responses.wire import OUTPUT


def test_what_items_say() -> None:
    assert ["planmore", "Hi you", '{"c":2}'] == [said(item) for item in OUTPUT]


def test_whether_an_event_tells_what_is_known() -> None:
    item = Spoken(0, {"type": "message", "id": "m"}, open="output_text", pieces=["Hi ", "you"])
    assert said_in({"item": OUTPUT[1]}, item)
    assert said_in({"text": "Hi you"}, item)
    assert said_in({"part": {"text": "Hi you"}}, item)
    assert not said_in({"text": "Hi"}, item)
    call = Call(0, {"type": "function_call", "id": "f"}, ['{"c"'])
    assert not said_in({"item": OUTPUT[2]}, call)
    assert not said_in({"arguments": '{"c":2}'}, call)
    assert said_in({"item": {}}, Foreign(0, {}))

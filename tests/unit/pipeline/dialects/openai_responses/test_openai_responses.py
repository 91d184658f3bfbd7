"""The dialect as the rest of the proxy sees it."""

import json

import pytest

from llm_proxy.pipeline.dialects.dialect import ModelEntry, Recipient
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.dialects.openai_responses import OpenAIResponses
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.events import TextDelta
from tests.unit.pipeline.dialects.openai_responses.wire import (
    CUSTOM,
    FIELDS,
    FUNCTION,
    GROUP,
    ITEMS,
    STREAM,
    response,
)

DIALECT = OpenAIResponses()
BODY = json.dumps(FIELDS).encode()


def test_a_request_and_its_answers() -> None:
    asked = DIALECT.read_request(BODY)
    assert BODY == DIALECT.write_request(asked, Recipient("m")).body
    whole = json.dumps(response()).encode()
    assert whole == DIALECT.write_whole(asked, DIALECT.read_whole(whole, "v"))
    reader = DIALECT.read_stream("v")
    assert STREAM == DIALECT.write_stream(asked).write(reader.feed(STREAM))
    assert reader.ended


def test_counts() -> None:
    assert DIALECT.can_count
    assert DIALECT.read_request(BODY, counts_only=True).counts_only
    assert 3 == DIALECT.read_count(b'{"input_tokens": 3}')


def test_errors_and_models_are_those_of_the_vendors_other_dialect() -> None:
    error = BadRequest("no", param="x")
    assert 400 == DIALECT.write_error(error, "r").status
    assert 429 == DIALECT.read_error(429, {}, b"{}").status
    models = DIALECT.write_models([ModelEntry("a:b", "a")])
    assert ["a:b"] == DIALECT.read_models(models)
    assert "a:b" == json.loads(DIALECT.write_model(ModelEntry("a:b", "a")))["id"]


def test_a_request_goes_to_a_vendor_of_the_other_dialect() -> None:
    body = {
        **FIELDS,
        "instructions": "S",
        "input": ITEMS[:5],
        "tools": [FUNCTION, CUSTOM, GROUP],
        "include": ["reasoning.encrypted_content"],
        "truncation": "auto",
        "max_output_tokens": 9,
    }
    asked = DIALECT.read_request(json.dumps(body).encode())
    written = json.loads(OpenAIChat().write_request(asked, Recipient("gpt")).body)
    assert ["system", "user", "assistant", "tool"] == [m["role"] for m in written["messages"]]
    assert ["f", "patch", "ns__inner"] == [tool["function"]["name"] for tool in written["tools"]]
    assert 9 == written["max_tokens"]


@pytest.mark.parametrize("name", ["previous_response_id", "conversation", "background", "prompt"])
def test_what_only_the_vendor_stores_goes_nowhere_else(name: str) -> None:
    asked = DIALECT.read_request(json.dumps({**FIELDS, name: "x"}).encode())
    with pytest.raises(Exception, match=name):
        OpenAIChat().write_request(asked, Recipient("gpt"))


def test_an_answer_of_another_vendor_comes_back() -> None:
    chunk = {
        "id": "c",
        "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}],
    }
    stream = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
    events = OpenAIChat().read_stream("v").feed(stream)
    assert any(isinstance(event, TextDelta) for event in events)
    out = DIALECT.write_stream(DIALECT.read_request(BODY)).write(events)
    assert out.count(b"event: response.completed") == 1

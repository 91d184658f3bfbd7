from openai.types.responses import Response

from llm_proxy.pipeline.dialects.openai_responses.response_object import (
    Outcome,
    ResponseObject,
    outcome,
)
from llm_proxy.pipeline.events import Start, Usage
from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.openai_responses.wire import FUNCTION, USAGE, request

REQUIRED = (
    "background",
    "created_at",
    "error",
    "id",
    "incomplete_details",
    "instructions",
    "max_output_tokens",
    "metadata",
    "model",
    "object",
    "output",
    "parallel_tool_calls",
    "previous_response_id",
    "reasoning",
    "status",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "truncation",
    "usage",
    "user",
)


def test_every_field_is_there_from_the_beginning() -> None:
    made = ResponseObject(request(tools=[FUNCTION]), None)
    fields = made.fields(Outcome("in_progress"))
    assert set() == set(REQUIRED) - set(fields)
    Response.model_validate(fields)
    assert [FUNCTION] == fields["tools"]


def test_the_same_object_at_the_end() -> None:
    made = ResponseObject(ChatRequest("m", ()), Start("resp_1", "v", 3))
    first = made.fields(Outcome("in_progress"))
    last = made.fields(outcome("length", (), Usage(130, 30, 100, 12, cache_write_tokens=20)))
    changed = {name for name in last if first.get(name) != last[name]}
    assert {"status", "incomplete_details", "usage"} == changed
    assert (USAGE, "resp_1", "v", 3) == tuple(
        last[name] for name in ("usage", "id", "model", "created_at")
    )


def test_a_vendors_own_object_is_kept() -> None:
    made = ResponseObject(request(), Start("x", "new", 1), {"id": "resp_v", "model": "v", "x": 1})
    fields = made.fields(outcome("stop", (), None))
    assert ("resp_v", "new", 1) == (fields["id"], fields["model"], fields["x"])

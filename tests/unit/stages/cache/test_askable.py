"""Which requests may be answered with what was answered before."""

from typing import Any

import pytest

from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Text,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message, Tool
from llm_proxy.stages.cache.askable import is_deterministic, why_never


def asking(*parts: Part, **fields: Any) -> ChatRequest:
    return ChatRequest("m", (Message("user", (Text("hi"), *parts)),), **fields)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, False),
        ({"temperature": 0}, True),
        ({"temperature": 0.0}, True),
        ({"temperature": 0.1}, False),
        ({"temperature": None}, False),
        ({"seed": 0}, True),
        ({"seed": None}, False),
        ({"temperature": 1, "seed": 7}, True),
    ],
)
def test_deterministic(params: dict[str, Any], *, expected: bool) -> None:
    assert expected == is_deterministic(asking(params=params))


HERE = Media("image/png", "aGk=")
THERE = Media("image/png", url="http://127.0.0.1/a.png")

NEVER: dict[str, ChatRequest] = {
    "only counts": asking(counts_only=True),
    "several": asking(params={"n": 2}),
    "likelihoods": asking(params={"logprobs": True}),
    "likelihoods of more": asking(params={"top_logprobs": 3}),
    "continued elsewhere": asking(params={"previous_response_id": "resp_1"}),
    "searches": asking(params={"web_search_options": {"a": 1}}),
    "the vendor's tools": asking(tools=(Tool("web_search", hosted=True),)),
    "picture elsewhere": asking(Image(THERE)),
    "file elsewhere": asking(Document(Media(file_id="f"))),
    "recording elsewhere": asking(Audio(THERE)),
    "picture elsewhere in a result": asking(ToolResult("a", (Image(THERE),))),
    "what is not understood": asking(OpaquePart({})),
}


@pytest.mark.parametrize("request_", NEVER.values(), ids=list(NEVER))
def test_never(request_: ChatRequest) -> None:
    assert why_never(request_)


MAYBE: dict[str, ChatRequest] = {
    "plain": asking(),
    "what holds all": asking(Image(HERE), Document(HERE), Audio(HERE)),
    "results": asking(ToolResult("a", (Image(HERE), Text("a cat")))),
    "tools of its own": asking(tools=(Tool("f"), Tool("g", custom=True))),
    "fields that say nothing": asking(
        params={"n": 1, "logprobs": False, "top_logprobs": 0, "conversation": None}
    ),
}


@pytest.mark.parametrize("request_", MAYBE.values(), ids=list(MAYBE))
def test_maybe(request_: ChatRequest) -> None:
    assert why_never(request_) is None

"""Whatever a client sent and the reader took can be written again."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.gemini import Gemini, GeminiArray
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.errors import BadRequest, ProxyError
from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.gemini.bodies import (
    TO,
    USER,
    chunk,
    chunks_in,
    data,
    read,
    sent,
    streamed,
)
from tests.unit.pipeline.dialects.gemini.test_read_request import NESTED
from tests.unit.pipeline.dialects.openai_chat import json_values

texts = st.sampled_from(["", "a", "a-_"])
signed = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"thoughtSignature": texts}),
    st.fixed_dictionaries({"thought_signature": texts}),
)
kinds = st.one_of(
    st.fixed_dictionaries({"text": texts}, optional={"thought": st.booleans()}),
    st.fixed_dictionaries(
        {
            "functionCall": st.fixed_dictionaries(
                {},
                optional={
                    "id": texts,
                    "name": texts,
                    "args": st.dictionaries(texts, NESTED, max_size=2),
                },
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "functionResponse": st.fixed_dictionaries(
                {},
                optional={
                    "id": texts,
                    "name": texts,
                    "response": st.dictionaries(texts, NESTED, max_size=2),
                    "parts": NESTED,
                },
            )
        }
    ),
    st.dictionaries(st.sampled_from(["inlineData", "file_data", "x"]), NESTED, min_size=1),
)
parts = st.tuples(kinds, signed, st.dictionaries(st.sampled_from(["x", "y"]), NESTED)).map(
    lambda three: {**three[2], **three[1], **three[0]}
)
contents = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "model"]),
            "parts": st.lists(parts, min_size=1, max_size=4),
        }
    ),
    max_size=4,
)


def touched(request: ChatRequest) -> ChatRequest:
    return replace(
        request, messages=[message.with_parts(message.parts) for message in request.messages]
    )


@given(contents)
def test_turns_that_are_written_again_are_the_same(given_: Any) -> None:
    body = {"contents": given_}
    assert body == sent(touched(read(body)))


@given(contents, st.dictionaries(json_values.texts, NESTED, max_size=2))
def test_any_request_can_be_told_in_another_dialect_or_is_refused(given_: Any, more: Any) -> None:
    with suppress(ProxyError):
        OpenAIChat().write_request(read({**more, "contents": [USER, *given_]}), TO)


@given(
    st.dictionaries(
        st.sampled_from(["generationConfig", "toolConfig", "serviceTier", "tools"]), NESTED
    )
)
def test_any_setting_can_be_taken_out(more: Any) -> None:
    try:
        request = read({"contents": [USER], **more})
    except BadRequest:
        return
    bare = replace(request, params={}, tools=[], tool_choice=None)
    assert "temperature" not in json.loads(Gemini().write_request(bare, TO).body)


@given(
    st.lists(st.one_of(kinds, NESTED), max_size=4),
    st.sampled_from(["STOP", "OTHER", ""]),
    st.booleans(),
)
def test_any_answer_that_was_read_can_be_written_anew(
    given_: Any,
    reason: str,
    is_array: bool,  # noqa: FBT001 - a case
) -> None:
    events = streamed([data(chunk(*given_, reason=reason))])
    anew = [replace(event, frame=None) for event in events]
    dialect = GeminiArray() if is_array else Gemini()
    stream = dialect.write_stream(ChatRequest("m", [])).write(anew)
    assert (json.loads(stream) if is_array else chunks_in(stream)) is not None

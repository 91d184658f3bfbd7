"""Two requests are equal where they mean the same, and nowhere else."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message, Tool
from llm_proxy.stages.cache.meaning import meaning_of
from tests.support.same_request import Asked, Called, Json, Round, body_in, read_in

DIALECTS = ["openai_chat", "openai_responses", "anthropic_messages", "gemini"]

texts = st.text(min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
names = st.sampled_from(["look", "write", "add"])
arguments = st.dictionaries(names, st.one_of(texts, st.integers(0, 9), st.booleans()), max_size=2)
calls = st.builds(Called, names, arguments, texts)
rounds = st.builds(Round, texts, st.none() | st.just("aGk="), st.lists(calls, max_size=3), texts)
schemas = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.just({}), "required": st.lists(names, max_size=2)}
)
asked = st.builds(
    Asked,
    last=texts,
    system=st.just("") | texts,
    rounds=st.lists(rounds, max_size=3),
    tools=st.lists(st.tuples(names, schemas), max_size=2),
    must_call=st.booleans(),
    temperature=st.sampled_from([0, 0.5, 1]),
    max_tokens=st.integers(1, 9),
    stop=st.lists(texts, max_size=2),
)
FULL = Asked(
    last="And now?",
    system="Be brief.",
    rounds=(
        Round("Look at this.", "aGk=", (Called("look", {"at": "it", "far": 2}, "a cat"),)),
        Round("And the others?", None, (Called("look", {}, "one"), Called("add", {}, "two"))),
    ),
    tools=(("look", {"type": "object", "properties": {"at": {"type": "string"}}}),),
    must_call=True,
    temperature=0.5,
    stop=("END",),
)


def meaning(dialect: str, body: Json) -> Any:
    return meaning_of(read_in(dialect, body))


@given(asked)
def test_the_same_in_every_dialect(asked: Asked) -> None:
    first, *others = (meaning(dialect, body_in(dialect, asked)) for dialect in DIALECTS)
    assert [first] * len(others) == others


@given(asked, asked, st.sampled_from(DIALECTS), st.sampled_from(DIALECTS))
def test_equal_only_where_the_same_was_asked(
    one: Asked, other: Asked, dialect: str, another: str
) -> None:
    are_equal = meaning(dialect, body_in(dialect, one)) == meaning(another, body_in(another, other))
    same = body_in(dialect, one) == body_in(dialect, other)
    assert same == are_equal


OF_NO_MATTER = {"id", "call_id", "tool_call_id", "tool_use_id", "status", "cache_control"}
"""Fields that say nothing, or whose meaning is that they are equal."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a body."""
    yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, one in inner:
        if key not in OF_NO_MATTER:
            yield from places(one, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def changed(value: Any) -> Any:  # noqa: PLR0911 - an arm for each kind
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case "user":
            return "model"
        case str():
            return f"{value}AAAA"
        case None:
            return "something"
        case dict():
            return {**value, "own_field": 1}
        case _:
            return value[:-1] if value else ["something"]


CHANGES = [
    pytest.param(dialect, path, id=f"{dialect}.{'.'.join(map(str, path))}")
    for dialect in DIALECTS
    for path in places(body_in(dialect, FULL))
    if path != ("model",)
]


@pytest.mark.parametrize(("dialect", "path"), CHANGES)
def test_whatever_is_changed_makes_another_request(dialect: str, path: tuple[Any, ...]) -> None:
    body = body_in(dialect, FULL)
    before = meaning(dialect, body)
    if path:
        at(body, path[:-1])[path[-1]] = changed(at(body, path))
    else:
        body = changed(body)
    with suppress(BadRequest):
        assert before != meaning(dialect, body)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nearly_every_change_can_be_read(dialect: str) -> None:
    refused = 0
    paths = list(places(body_in(dialect, FULL)))[1:]
    for path in paths:
        body = body_in(dialect, FULL)
        at(body, path[:-1])[path[-1]] = changed(at(body, path))
        try:
            read_in(dialect, body)
        except BadRequest:
            refused += 1
    assert refused < 0.2 * len(paths)


def plain(**fields: Any) -> Json:
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}


SAME = {
    "who asks": plain(user="somebody", metadata={"a": "b"}, prompt_cache_key="x"),
    "how it is sent": plain(stream=True, stream_options={"include_usage": True}),
    "what is null": plain(seed=None, tools=None, tool_choice=None),
    "the model's own choice": plain(tool_choice="auto"),
    "parts": plain(messages=[{"role": "user", "content": [{"type": "text", "text": "hi"}]}]),
    "empty texts": plain(
        messages=[{"role": "assistant", "content": ""}, {"role": "user", "content": "hi"}]
    ),
}


@pytest.mark.parametrize("body", SAME.values(), ids=list(SAME))
def test_what_says_nothing(body: Json) -> None:
    assert meaning("openai_chat", plain()) == meaning("openai_chat", body)


OTHER = {
    "name of the user": plain(messages=[{"role": "user", "content": "hi", "name": "bob"}]),
    "cut elsewhere": plain(
        messages=[{"role": "user", "content": "h"}, {"role": "user", "content": "i"}]
    ),
    "no zero": plain(seed=0),
    "choice that is not known": plain(tool_choice={"type": "own_search"}),
    "own field": plain(min_p=0.1),
    "true is not 1": plain(min_p=True),
}


def test_what_each_makes_another_request() -> None:
    written = [orjson.dumps(meaning("openai_chat", body)) for body in [plain(), *OTHER.values()]]
    written.append(orjson.dumps(meaning("openai_chat", plain(min_p=1))))
    assert len(set(written)) == len(OTHER) + 2


def test_numbers_may_be_written_with_a_point() -> None:
    one, other = (meaning("openai_chat", plain(temperature=t)) for t in (0, 0.0))
    assert orjson.dumps(one) == orjson.dumps(other)


def test_so_does_what_is_said_of_thinking_in_a_dialects_own_words() -> None:
    bodies = [
        {**plain(max_tokens=1), **more}
        for more in ({}, {"thinking": {"type": "adaptive"}}, {"thinking": {"type": "disabled"}})
    ]
    assert 3 == len({orjson.dumps(meaning("anthropic_messages", body)) for body in bodies})


def called(*ids: str) -> Any:
    """Calls of a tool with these ids, and a result for each in turn."""
    parts = tuple(ToolCall(id_, "look", "{}") for id_ in ids)
    results = tuple(ToolResult(id_, (Text("a cat"),)) for id_ in ids)
    return meaning_of(ChatRequest("m", (Message("assistant", parts), Message("tool", results))))


def test_ids_of_calls_only_tell_which_result_is_whose() -> None:
    assert called("a", "b") == called("b", "a") == called("x", "y")
    assert called("a", "b") != called("a", "a")


def test_arguments_that_are_no_json_are_taken_as_they_are() -> None:
    one, other = (
        meaning_of(ChatRequest("m", (Message("assistant", (ToolCall("a", "f", text),)),)))
        for text in ("{", "{ ")
    )
    assert one != other


SEALS = [
    None,
    Seal("d", {"s": 1}),
    Seal("d", {"s": 2}),
    Seal("e", {"s": 1}),
    Seal("d", {"s": 1}, "maker"),
    Seal("d", {"s": 1}, call="c"),
]


def test_sealed_state_is_a_part_of_it() -> None:
    requests = [ChatRequest("m", (Message("assistant", (Reasoning("t", s),)),)) for s in SEALS]
    assert len({orjson.dumps(meaning_of(request)) for request in requests}) == len(SEALS)


def test_other_parts_and_tools() -> None:
    parts: list[Part] = [
        Refusal("no"),
        Text("no"),
        Audio(Media("audio/wav", "aGk=")),
        Document(Media("audio/wav", "aGk=")),
        Document(Media("audio/wav", "aGk="), "name"),
        Image(Media("audio/wav", "aGk=")),
        Image(Media("audio/wav", "aGk="), "low"),
        OpaquePart({"own": 1}, "own"),
        OpaquePart({"own": 2}, "own"),
        ToolResult("id", (Text("no"),)),
        ToolResult("id", (Text("no"),), is_error=True),
        ToolResult("id", (Text("no"),), name="f"),
        ToolCall("id", "f", "{}"),
        ToolCall("id", "f", "{}", custom=True),
    ]
    requests = [ChatRequest("m", (Message("user", (part,)),)) for part in parts]
    tools = [
        Tool("t"),
        Tool("t", {"type": "object"}),
        Tool("t", description="d"),
        Tool("t", strict=True),
        Tool("t", custom=True),
        Tool("t", custom=True, grammar={"syntax": "lark"}),
        Tool("t", hosted=True),
        Tool("t", namespace="n"),
        Tool("t", origin={"name": "t", "own": 1}),
    ]
    requests += [ChatRequest("m", (), tools=(tool,)) for tool in tools]
    written = {orjson.dumps(meaning_of(request)) for request in requests}
    assert len(written) == len(parts) + len(tools)

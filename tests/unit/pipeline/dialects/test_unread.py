"""What a request says beside its typed view."""

from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.unread import unread, unread_settings
from llm_proxy.pipeline.parts import Text, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message, Tool, ToolChoice
from tests.support.same_request import Asked, Called, Json, Round, body_in, read_in

PLAIN = Asked(
    system="Be brief.",
    rounds=(Round("Look.", "aGk=", (Called("look", {"at": "it"}, "a cat"),)),),
    tools=(("look", {"type": "object"}),),
    must_call=True,
)


def left(dialect: str, body: Json) -> list[Any]:
    """Whatever is unread in a request."""
    request = read_in(dialect, body)
    said = [*request.tools, *request.messages]
    said += [part for message in request.messages for part in message.parts]  # type: ignore[misc]
    return [found for one in said if (found := unread(one))]


@pytest.mark.parametrize(
    "dialect", ["openai_chat", "openai_responses", "anthropic_messages", "gemini"]
)
def test_a_plain_request_is_read_wholly(dialect: str) -> None:
    assert [] == left(dialect, body_in(dialect, PLAIN))


def chat(**message: Any) -> Json:
    return {"model": "m", "messages": [{"role": "user", "content": "hi", **message}]}


OWN: dict[str, tuple[str, Json, Any]] = {
    "of a message": ("openai_chat", chat(name="bob"), [{"name": "bob"}]),
    "of a part": (
        "openai_chat",
        chat(content=[{"type": "text", "text": "hi", "own": 1}]),
        [{"own": 1}],
    ),
    "inside of a part": (
        "openai_chat",
        chat(content=[{"type": "image_url", "image_url": {"url": "http://a/b", "own": 1}}]),
        [{"image_url": {"own": 1}}],
    ),
    "of a result": (
        "openai_chat",
        chat(role="tool", tool_call_id="a", name="f"),
        [{"name": "f"}],
    ),
    "of a document": (
        "anthropic_messages",
        {
            "model": "m",
            "max_tokens": 1,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "source": {"type": "text", "media_type": "text/plain", "data": "hi"},
                            "title": "T",
                            "context": "C",
                            "citations": {"enabled": False},
                        }
                    ],
                }
            ],
        },
        [{"context": "C", "citations": {"enabled": False}}],
    ),
    "of a call": (
        "gemini",
        {"contents": {"parts": {"functionCall": {"name": "f", "own": 1}, "videoMetadata": {}}}},
        [{"functionCall": {"own": 1}, "videoMetadata": {}}],
    ),
    "of a tool": (
        "gemini",
        {
            "contents": {"parts": {"text": "hi"}},
            "tools": [{"functionDeclarations": [{"name": "f", "response": {}}]}],
        },
        [{"response": {}}],
    ),
    "of a schema that was converted": (
        "gemini",
        {
            "contents": {"parts": {"text": "hi"}},
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
        },
        [{"parameters": {"type": "OBJECT"}}],
    ),
    "of the form of free text": (
        "openai_responses",
        {
            "model": "m",
            "input": "hi",
            "tools": [{"type": "custom", "name": "f", "format": {"type": "grammar", "own": 1}}],
        },
        [{"format": {"type": "grammar", "own": 1}}],
    ),
    "nothing is said by null and an empty list": (
        "openai_chat",
        chat(content=[{"type": "text", "text": "hi", "own": None, "annotations": []}]),
        [],
    ),
}


@pytest.mark.parametrize(("dialect", "body", "found"), OWN.values(), ids=list(OWN))
def test_fields_of_its_own(dialect: str, body: Json, found: list[Any]) -> None:
    assert found == left(dialect, body)


def test_what_a_stage_made_has_nothing_else_to_say() -> None:
    for made in (Message("user", (Text("hi"),)), Text("hi"), ToolResult("a"), Tool("t")):
        assert unread(made) == {}


def choosing(choice: Any) -> Json:
    return {**chat(), "tool_choice": choice}


CHOICES: dict[str, tuple[str, Json, Any]] = {
    "none": ("openai_chat", chat(), None),
    "known": ("openai_chat", choosing("required"), None),
    "one": ("openai_chat", choosing({"type": "function", "function": {"name": "f"}}), None),
    "not known": ("openai_chat", choosing({"type": "own"}), {"type": "own"}),
    "more": (
        "anthropic_messages",
        {**chat(), "max_tokens": 1, "tool_choice": {"type": "any", "own": 1}},
        {"own": 1},
    ),
    "deeper": (
        "gemini",
        {
            "contents": {"parts": {"text": "hi"}},
            "tool_config": {"function_calling_config": {"mode": "ANY", "own": 1}},
        },
        {"own": 1},
    ),
}


@pytest.mark.parametrize(("dialect", "body", "found"), CHOICES.values(), ids=list(CHOICES))
def test_choices_of_tools(dialect: str, body: Json, found: Any) -> None:
    assert ({"tool_choice": found} if found else {}) == unread_settings(read_in(dialect, body))


def test_a_stages_own_choice_is_all_there_is() -> None:
    request = read_in("openai_chat", choosing({"type": "own"}))
    assert {} == unread_settings(replace(request, tool_choice=ToolChoice("none")))
    assert {} == unread_settings(ChatRequest("m", ()))


def contents(**more: Any) -> Json:
    return {"contents": {"parts": {"text": "hi"}}, **more}


GROUP = {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f"}]}

SETTINGS: dict[str, tuple[str, Json, Json]] = {
    "thinking": (
        "anthropic_messages",
        {**chat(), "max_tokens": 1, "thinking": {"type": "adaptive"}},
        {"thinking": {"type": "adaptive"}},
    ),
    "how much of it to show": (
        "openai_responses",
        {"model": "m", "input": "hi", "reasoning": {"summary": "auto"}, "text": None},
        {"reasoning": {"summary": "auto"}},
    ),
    "deeper": (
        "gemini",
        contents(generation_config={"thinkingConfig": {"thinkingBudget": -1}, "topP": 1}),
        {"thinkingConfig": {"thinkingBudget": -1}},
    ),
    "of a group of tools": (
        "openai_responses",
        {"model": "m", "input": "hi", "tools": [{**GROUP, "description": "d"}]},
        {"tools": [{"description": "d"}]},
    ),
    "nothing of a plain group": (
        "openai_responses",
        {"model": "m", "input": "hi", "tools": [GROUP]},
        {},
    ),
}


@pytest.mark.parametrize(("dialect", "body", "found"), SETTINGS.values(), ids=list(SETTINGS))
def test_settings_of_which_the_view_holds_the_gist(dialect: str, body: Json, found: Json) -> None:
    assert found == unread_settings(read_in(dialect, body))

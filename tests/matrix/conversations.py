"""Conversations as untidy as clients send them, in every dialect.

A conversation is a list of turns, each a list of pieces: ("text", …), ("image",), ("call", id),
("result", id, text), ("thought", text, whose), in any order a client may come up with.
"""

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.parts import Seal
from tests.matrix.bodies import PNG

Json = Any
Piece = tuple[str, ...]
Turn = tuple[str, list[Piece]]

TAGGED = tag([Seal("elsewhere", {"s": "fake"}, "somebody")])
"""Another vendor's state, as it comes back from a client."""

_ids = st.sampled_from(["c1", "c2", "c3"])
_texts = st.sampled_from(["", "alpha", "beta gamma", "δέλτα", " "])
_user = st.one_of(
    st.tuples(st.just("text"), _texts),
    st.just(("image",)),
    st.tuples(st.just("result"), _ids, _texts),
)
_assistant = st.one_of(
    st.tuples(st.just("text"), _texts),
    st.tuples(st.just("call"), _ids),
    st.tuples(
        st.just("thought"), st.sampled_from(["", "plan"]), st.sampled_from(["none", "own", "other"])
    ),
)
_turn: st.SearchStrategy[Turn] = st.one_of(
    st.tuples(st.just("user"), st.lists(_user, min_size=1, max_size=4)),
    st.tuples(st.just("assistant"), st.lists(_assistant, min_size=1, max_size=4)),
    st.tuples(
        st.just("system"), st.lists(st.tuples(st.just("text"), _texts), min_size=1, max_size=1)
    ),
)
conversations = st.lists(_turn, min_size=1, max_size=6)


def _chat(turns: Iterable[Turn]) -> Json:
    messages: list[Json] = []
    for role, pieces in turns:
        content: list[Json] = []
        calls: list[Json] = []
        more: Json = {}
        for piece in pieces:
            match piece:
                case ("text", text):
                    content.append({"type": "text", "text": text})
                case ("image",):
                    url = f"data:image/png;base64,{PNG}"
                    content.append({"type": "image_url", "image_url": {"url": url}})
                case ("call", id_):
                    function = {"name": "f", "arguments": "{}"}
                    calls.append({"id": id_, "type": "function", "function": function})
                case ("result", id_, text):
                    messages.append({"role": "tool", "tool_call_id": id_, "content": text})
                case (_, text, whose):
                    more["reasoning_content"] = text
                    if whose == "other":
                        more["reasoning_details"] = [
                            {"type": "reasoning.encrypted", "data": TAGGED}
                        ]
                case _:
                    raise AssertionError(piece)
        if calls:
            more["tool_calls"] = calls
        messages.append({"role": role, "content": content, **more})
    return {"model": "m", "messages": messages}


def _responses(turns: Iterable[Turn]) -> Json:
    items: list[Json] = []
    for role, pieces in turns:
        for piece in pieces:
            match piece:
                case ("text", text):
                    kind = "output_text" if role == "assistant" else "input_text"
                    items.append({"role": role, "content": [{"type": kind, "text": text}]})
                case ("image",):
                    url = f"data:image/png;base64,{PNG}"
                    image = {"type": "input_image", "image_url": url, "detail": "auto"}
                    items.append({"role": role, "content": [image]})
                case ("call", id_):
                    call = {"type": "function_call", "call_id": id_, "name": "f"}
                    items.append({**call, "arguments": "{}"})
                case ("result", id_, text):
                    result = {"type": "function_call_output", "call_id": id_}
                    items.append({**result, "output": text})
                case (_, text, whose):
                    summary = [{"type": "summary_text", "text": text}] if text else []
                    item: Json = {"type": "reasoning", "id": "rs_1", "summary": summary}
                    if whose != "none":
                        item["encrypted_content"] = "own" if whose == "own" else TAGGED
                    items.append(item)
                case _:
                    raise AssertionError(piece)
    return {"model": "m", "input": items}


def _messages(turns: Iterable[Turn]) -> Json:
    messages: list[Json] = []
    for role, pieces in turns:
        blocks: list[Json] = []
        for piece in pieces:
            match piece:
                case ("text", text):
                    blocks.append({"type": "text", "text": text})
                case ("image",):
                    source = {"type": "base64", "media_type": "image/png", "data": PNG}
                    blocks.append({"type": "image", "source": source})
                case ("call", id_):
                    blocks.append({"type": "tool_use", "id": id_, "name": "f", "input": {}})
                case ("result", id_, text):
                    result = {"type": "tool_result", "tool_use_id": id_}
                    blocks.append({**result, "content": text})
                case (_, text, whose):
                    signature = {"none": "", "own": "own", "other": TAGGED}[whose]
                    block = {"type": "thinking", "thinking": text}
                    blocks.append({**block, "signature": signature})
                case _:
                    raise AssertionError(piece)
        messages.append({"role": role, "content": blocks})
    return {"model": "m", "max_tokens": 4000, "messages": messages}


def _gemini(turns: Iterable[Turn]) -> Json:
    contents: list[Json] = []
    for role, pieces in turns:
        parts: list[Json] = []
        for piece in pieces:
            match piece:
                case ("text", text):
                    parts.append({"text": text})
                case ("image",):
                    parts.append({"inlineData": {"mimeType": "image/png", "data": PNG}})
                case ("call", id_):
                    parts.append({"functionCall": {"id": id_, "name": "f", "args": {}}})
                case ("result", id_, text):
                    response = {"id": id_, "name": "f", "response": {"output": text}}
                    parts.append({"functionResponse": response})
                case (_, text, whose):
                    part: Json = {"text": text, "thought": True}
                    if whose == "own":
                        part["thoughtSignature"] = "b3du"
                    parts.append(part)
                case _:
                    raise AssertionError(piece)
        contents.append({"role": "model" if role == "assistant" else "user", "parts": parts})
    return {"contents": contents}


BODIES: dict[str, Callable[[Iterable[Turn]], Json]] = {
    "openai_chat": _chat,
    "openai_responses": _responses,
    "anthropic_messages": _messages,
    "gemini": _gemini,
}
"""Dialect → what its client sends."""

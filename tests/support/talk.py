"""One conversation as the client of each dialect sends it."""

from collections.abc import Sequence
from typing import Any

from tests.support.one_vendor import PATHS, STREAMED

Turn = tuple[str, str]
"""Who (`user` or `assistant`) says what."""

SETTINGS: dict[str, dict[str, str]] = {
    "openai_chat": {
        "temperature": "temperature",
        "max_tokens": "max_completion_tokens",
        "stop": "stop",
    },
    "openai_responses": {"temperature": "temperature", "max_tokens": "max_output_tokens"},
    "anthropic_messages": {
        "temperature": "temperature",
        "max_tokens": "max_tokens",
        "stop": "stop_sequences",
    },
    "gemini": {
        "temperature": "temperature",
        "max_tokens": "maxOutputTokens",
        "stop": "stopSequences",
    },
}
"""Dialect → setting → its name on the wire; Gemini's stand in `generationConfig`."""


def body(
    dialect: str,
    turns: str | Sequence[Turn],
    *,
    model: str = "m",
    system: str | None = None,
    stream: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """A request; a string is a single turn of the user."""
    said = [("user", turns)] if isinstance(turns, str) else turns
    named = {SETTINGS[dialect][name]: value for name, value in settings.items()}
    wanted = {"stream": True} if stream else {}
    plain = [{"role": role, "content": text} for role, text in said]
    match dialect:
        case "openai_chat":
            head = [{"role": "system", "content": system}] if system else []
            options = {"stream_options": {"include_usage": True}} if stream else {}
            return {"model": model, "messages": [*head, *plain], **named, **wanted, **options}
        case "openai_responses":
            instructions = {"instructions": system} if system else {}
            return {"model": model, "input": plain, **instructions, **named, **wanted}
        case "anthropic_messages":
            top = {"system": system} if system else {}
            return {"model": model, "max_tokens": 500, "messages": plain, **top, **named, **wanted}
        case _:
            fields: dict[str, Any] = {
                "contents": [
                    {"role": "model" if role == "assistant" else role, "parts": [{"text": text}]}
                    for role, text in said
                ]
            }
            if system:
                fields["systemInstruction"] = {"parts": [{"text": system}]}
            return {**fields, "generationConfig": named} if named else fields


def path(dialect: str, *, stream: bool = False, model: str = "m") -> str:
    """Where such a request goes."""
    return (STREAMED if stream else PATHS)[dialect].replace("/m:", f"/{model}:")


def counting_path(dialect: str, *, model: str = "m") -> str:
    """Where a client has tokens counted."""
    return {
        "openai_responses": "/v1/responses/input_tokens",
        "anthropic_messages": "/v1/messages/count_tokens",
        "gemini": f"/v1beta/models/{model}:countTokens",
    }[dialect]


def counting_body(dialect: str, turns: str | Sequence[Turn], *, model: str = "m") -> dict[str, Any]:
    """The same to be counted."""
    fields = body(dialect, turns, model=model)
    fields.pop("max_tokens", None)
    return fields


def setting(dialect: str, sent: Any, name: str) -> Any:
    """A setting of a request that a vendor got, None where it is absent."""
    holder = sent.get("generationConfig", {}) if dialect == "gemini" else sent
    return holder.get(SETTINGS[dialect].get(name, name))


def turns_of(sent: Any) -> list[Turn]:
    """The turns of a request that a vendor got; system turns are left out."""
    turns: list[Turn] = []
    for message in sent.get("messages") or sent.get("input") or sent.get("contents"):
        content = message.get("content", message.get("parts"))
        pieces = content if isinstance(content, list) else [{"text": content}]
        text = "".join(piece.get("text", "") for piece in pieces)
        role = str(message["role"])
        if role not in ("system", "developer"):
            turns.append(("assistant" if role == "model" else role, text))
    return turns


def system_of(dialect: str, sent: Any) -> str:
    """The system prompt of a request that a vendor got."""
    match dialect:
        case "openai_chat" | "openai_responses":
            messages = sent.get("messages") or sent["input"]
            told = [m["content"] for m in messages if m["role"] in ("system", "developer")]
            pieces = [sent.get("instructions") or "", *told]
        case "anthropic_messages":
            pieces = [sent.get("system") or ""]
        case _:
            pieces = [sent.get("systemInstruction", {"parts": []})["parts"]]
    return "".join(
        piece if isinstance(piece, str) else "".join(part["text"] for part in piece)
        for piece in pieces
    )

"""Requests of every dialect, put together from pieces."""

from typing import Any

Json = Any
C, R, M, G = "openai_chat", "openai_responses", "anthropic_messages", "gemini"

PNG = "iVBORw0KGgoAAAANSUhEUg=="
PDF = "JVBERi0xLjQKJcOkw7zDtg=="
URL = "https://images.example/cat.png"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def chat(*parts: Json, before: Json = (), after: Json = (), **fields: Json) -> Json:
    messages = [*before, {"role": "user", "content": list(parts) or "hi"}, *after]
    return {"model": "m", "messages": messages, **fields}


def responses(*parts: Json, before: Json = (), after: Json = (), **fields: Json) -> Json:
    asked = {"role": "user", "content": list(parts) or "hi"}
    return {"model": "m", "input": [*before, asked, *after], **fields}


def messages(*parts: Json, after: Json = (), **fields: Json) -> Json:
    asked = [{"role": "user", "content": list(parts) or "hi"}, *after]
    return {"model": "m", "max_tokens": 4000, "messages": asked, **fields}


def gemini(*parts: Json, after: Json = (), **fields: Json) -> Json:
    asked = {"role": "user", "parts": list(parts) or [{"text": "hi"}]}
    return {"contents": [asked, *after], **fields}


def config(**settings: Json) -> Json:
    return gemini(generationConfig=settings)


def chat_tool(**more: Json) -> Json:
    return {"type": "function", "function": {"name": "f", "parameters": SCHEMA, **more}}


CHAT_TOOLS = [chat_tool(), {"type": "function", "function": {"name": "g", "parameters": SCHEMA}}]
RESPONSES_TOOLS = [
    {"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in "fg"
]
MESSAGES_TOOLS = [{"name": name, "input_schema": SCHEMA} for name in "fg"]
GEMINI_TOOLS = [
    {"functionDeclarations": [{"name": n, "parametersJsonSchema": SCHEMA} for n in "fg"]}
]


def with_tools(chat_: Json, responses_: Json, messages_: Json, gemini_: Json) -> dict[str, Json]:
    """One request with two tools in each dialect, with these fields beside; None leaves one out."""
    bodies: dict[str, Json] = {}
    if chat_ is not None:
        bodies[C] = chat(tools=CHAT_TOOLS, **chat_)
    if responses_ is not None:
        bodies[R] = responses(tools=RESPONSES_TOOLS, **responses_)
    if messages_ is not None:
        bodies[M] = messages(tools=MESSAGES_TOOLS, **messages_)
    if gemini_ is not None:
        calling = {"functionCallingConfig": gemini_}
        bodies[G] = gemini(tools=GEMINI_TOOLS, toolConfig=calling)
    return bodies


CALLS_CHAT = [
    {
        "role": "assistant",
        "content": "wait",
        "tool_calls": [
            {"id": f"call_{n}", "type": "function", "function": {"name": n, "arguments": "{}"}}
            for n in "fg"
        ],
    },
    {"role": "tool", "tool_call_id": "call_f", "content": "one"},
    {"role": "tool", "tool_call_id": "call_g", "content": "two"},
]
CALLS_RESPONSES = [
    {"type": "function_call", "call_id": f"call_{n}", "name": n, "arguments": "{}"} for n in "fg"
] + [
    {"type": "function_call_output", "call_id": "call_f", "output": "one"},
    {"type": "function_call_output", "call_id": "call_g", "output": "two"},
]


def uses(content: Json) -> Json:
    return [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": f"call_{n}", "name": n, "input": {}} for n in "fg"
            ],
        },
        {"role": "user", "content": content},
    ]


def result_block(n: str, content: Json, **more: Json) -> Json:
    return {"type": "tool_result", "tool_use_id": f"call_{n}", "content": content, **more}


def function_calls(first: Json, **more: Json) -> Json:
    calls = [{"functionCall": {"name": n, "args": {}}} for n in "fg"]
    answers = [
        {"functionResponse": {"name": "f", "response": first, **more}},
        {"functionResponse": {"name": "g", "response": {"output": "two"}}},
    ]
    return [{"role": "model", "parts": calls}, {"role": "user", "parts": answers}]


IMAGE_BLOCK = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
}
INLINE = {"inlineData": {"mimeType": "image/png", "data": PNG}}
TEXT_R = {"type": "input_text", "text": "hi"}
TEXT = {"type": "text", "text": "hi"}
IMAGE_R = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}
IMAGE_C = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
SCHEMA_C = {"name": "answer", "schema": SCHEMA, "strict": True}
THINKING = {"type": "thinking", "thinking": "plan", "signature": "fake-signature"}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "fake"}
CALLED_R = [
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": "one"},
]

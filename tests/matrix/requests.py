"""What a request may hold, said in every client's dialect that can say it, and how to see at the
vendor's end whether it has arrived."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest

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


@dataclass(frozen=True, slots=True)
class Feature:
    """`bodies` holds the request of every dialect that has the feature; `arrived` looks at what the
    vendor reads."""

    name: str
    bodies: Mapping[str, Json]
    arrived: Callable[[ChatRequest], bool]


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


def parts_of(request: ChatRequest, kind: type[Part]) -> list[Any]:
    """Every part of a kind, also those inside of results."""
    found: list[Any] = []
    for message in request.messages:
        for part in message.parts:
            inner = part.parts if isinstance(part, ToolResult) else ()
            found += [one for one in (part, *inner) if isinstance(one, kind)]
    return found


def says(text: str, *roles: str) -> Callable[[ChatRequest], bool]:
    def look(request: ChatRequest) -> bool:
        return any(text in m.text for m in request.messages if not roles or m.role in roles)

    return look


def setting(name: str, *values: Json) -> Callable[[ChatRequest], bool]:
    return lambda request: request.params.get(name) in values


def _chosen(mode: str, *names: str) -> Callable[[ChatRequest], bool]:
    def look(request: ChatRequest) -> bool:
        choice = request.tool_choice
        only_these = {tool.name for tool in request.tools} == set(names)
        return (
            choice is not None
            and choice.mode == mode
            and (set(choice.names) == set(names) or (not choice.names and only_these))
        )

    return look


def _pairs(request: ChatRequest) -> bool:
    calls = [(c.name, c.id) for c in parts_of(request, ToolCall)]
    results = {result.id: result for result in parts_of(request, ToolResult)}
    return [name for name, _ in calls] == ["f", "g"] and all(
        word in results[id_].text or word in str(results[id_].origin)
        for (_, id_), word in zip(calls, ("one", "two"), strict=True)
    )


def _failed(request: ChatRequest) -> bool:
    results = parts_of(request, ToolResult)
    return any(result.is_error or "Error: broken" in result.text for result in results)


def _has_schema(request: ChatRequest) -> bool:
    format_ = request.params.get("response_format") or {}
    schema = format_.get("json_schema", {}).get("schema", {})
    return bool("city" in schema.get("properties", {}))


def _image(request: ChatRequest) -> bool:
    return any(image.media.data == PNG for image in parts_of(request, Image))


def _cached(request: ChatRequest) -> bool:
    return any(text.cache for text in parts_of(request, Text))


def _sealed(request: ChatRequest) -> bool:
    kept = [*parts_of(request, Reasoning), *parts_of(request, ToolCall)]
    return any("fake" in str(part.seal) or "ZmFrZQ" in str(part.seal) for part in kept)


_CALLS_CHAT = [
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
_CALLS_RESPONSES = [
    {"type": "function_call", "call_id": f"call_{n}", "name": n, "arguments": "{}"} for n in "fg"
] + [
    {"type": "function_call_output", "call_id": "call_f", "output": "one"},
    {"type": "function_call_output", "call_id": "call_g", "output": "two"},
]


def _uses(content: Json) -> Json:
    return [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": f"call_{n}", "name": n, "input": {}} for n in "fg"
            ],
        },
        {"role": "user", "content": content},
    ]


def _result(n: str, content: Json, **more: Json) -> Json:
    return {"type": "tool_result", "tool_use_id": f"call_{n}", "content": content, **more}


def _function_calls(first: Json, **more: Json) -> Json:
    calls = [{"functionCall": {"name": n, "args": {}}} for n in "fg"]
    answers = [
        {"functionResponse": {"name": "f", "response": first, **more}},
        {"functionResponse": {"name": "g", "response": {"output": "two"}}},
    ]
    return [{"role": "model", "parts": calls}, {"role": "user", "parts": answers}]


_IMAGE_BLOCK = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
}
_INLINE = {"inlineData": {"mimeType": "image/png", "data": PNG}}
_TEXT_R = {"type": "input_text", "text": "hi"}
_TEXT = {"type": "text", "text": "hi"}
_IMAGE_R = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}
_IMAGE_C = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
_SCHEMA_C = {"name": "answer", "schema": SCHEMA, "strict": True}
_THINKING = {"type": "thinking", "thinking": "plan", "signature": "fake-signature"}
_REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "fake"}
_CALLED_R = [
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": "one"},
]

FEATURES = [
    Feature(
        "system prompt",
        {
            C: chat(before=[{"role": "system", "content": "be kind"}]),
            R: responses(instructions="be kind"),
            M: messages(system="be kind"),
            G: gemini(systemInstruction={"parts": [{"text": "be kind"}]}),
        },
        says("be kind", "system", "developer"),
    ),
    Feature(
        "system turn in the middle",
        {
            C: chat(after=[{"role": "developer", "content": "now rhyme"}]),
            R: responses(after=[{"role": "developer", "content": "now rhyme"}]),
            M: messages(after=[{"role": "system", "content": "now rhyme"}]),
        },
        says("now rhyme", "system", "developer", "user"),
    ),
    Feature(
        "image",
        {
            C: chat(_TEXT, _IMAGE_C),
            R: responses(_TEXT_R, _IMAGE_R),
            M: messages(_TEXT, _IMAGE_BLOCK),
            G: gemini({"text": "hi"}, _INLINE),
        },
        _image,
    ),
    Feature(
        "image by URL",
        {
            C: chat(_TEXT, {"type": "image_url", "image_url": {"url": URL}}),
            R: responses(_TEXT_R, {**_IMAGE_R, "image_url": URL}),
            M: messages(_TEXT, {"type": "image", "source": {"type": "url", "url": URL}}),
        },
        lambda request: any(image.media.url == URL for image in parts_of(request, Image)),
    ),
    Feature(
        "PDF",
        {
            C: chat(
                _TEXT,
                {
                    "type": "file",
                    "file": {
                        "filename": "a.pdf",
                        "file_data": f"data:application/pdf;base64,{PDF}",
                    },
                },
            ),
            R: responses(
                _TEXT_R,
                {
                    "type": "input_file",
                    "filename": "a.pdf",
                    "file_data": f"data:application/pdf;base64,{PDF}",
                },
            ),
            M: messages(
                _TEXT,
                {
                    "type": "document",
                    "title": "a.pdf",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                },
            ),
            G: gemini({"text": "hi"}, {"inlineData": {"mimeType": "application/pdf", "data": PDF}}),
        },
        lambda request: any(file.media.data == PDF for file in parts_of(request, Document)),
    ),
    Feature(
        "audio",
        {
            C: chat(
                _TEXT, {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}
            ),
            G: gemini({"text": "hi"}, {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}}),
        },
        lambda request: bool(parts_of(request, Audio)),
    ),
    Feature(
        "parallel tool calls and their results",
        {
            C: chat(after=_CALLS_CHAT, tools=CHAT_TOOLS),
            R: responses(after=_CALLS_RESPONSES, tools=RESPONSES_TOOLS),
            M: messages(
                after=_uses([_result("f", "one"), _result("g", "two")]), tools=MESSAGES_TOOLS
            ),
            G: gemini(after=_function_calls({"output": "one"}), tools=GEMINI_TOOLS),
        },
        _pairs,
    ),
    Feature(
        "failed tool result",
        {
            M: messages(
                after=_uses([_result("f", "broken", is_error=True), _result("g", "two")]),
                tools=MESSAGES_TOOLS,
            ),
            G: gemini(after=_function_calls({"error": "broken"}), tools=GEMINI_TOOLS),
        },
        _failed,
    ),
    Feature(
        "image in a tool result",
        {
            R: responses(
                after=[
                    _CALLED_R[0],
                    {"type": "function_call_output", "call_id": "c", "output": [_IMAGE_R]},
                ],
                tools=RESPONSES_TOOLS,
            ),
            M: messages(
                after=_uses([_result("f", [_IMAGE_BLOCK]), _result("g", "two")]),
                tools=MESSAGES_TOOLS,
            ),
            G: gemini(
                after=_function_calls({"output": "one"}, parts=[_INLINE]), tools=GEMINI_TOOLS
            ),
        },
        _image,
    ),
    Feature(
        "tool choice: some tool",
        with_tools(
            {"tool_choice": "required"},
            {"tool_choice": "required"},
            {"tool_choice": {"type": "any"}},
            {"mode": "ANY"},
        ),
        _chosen("required"),
    ),
    Feature(
        "tool choice: this tool",
        with_tools(
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "function", "name": "f"}},
            {"tool_choice": {"type": "tool", "name": "f"}},
            {"mode": "ANY", "allowedFunctionNames": ["f"]},
        ),
        _chosen("required", "f"),
    ),
    Feature(
        "tool choice: none",
        with_tools(
            {"tool_choice": "none"},
            {"tool_choice": "none"},
            {"tool_choice": {"type": "none"}},
            {"mode": "NONE"},
        ),
        _chosen("none"),
    ),
    Feature(
        "one tool call at a time",
        with_tools(
            {"parallel_tool_calls": False},
            {"parallel_tool_calls": False},
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            None,
        ),
        setting("parallel_tool_calls", False),
    ),
    Feature(
        "tool of free text",
        {
            C: chat(tools=[{"type": "custom", "custom": {"name": "f", "description": "d"}}]),
            R: responses(tools=[{"type": "custom", "name": "f", "description": "d"}]),
        },
        lambda request: [tool.name for tool in request.tools] == ["f"],
    ),
    Feature(
        "tool that the vendor runs",
        {
            R: responses(tools=[{"type": "web_search"}]),
            M: messages(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
            G: gemini(tools=[{"googleSearch": {}}]),
        },
        lambda request: any(tool.hosted for tool in request.tools),
    ),
    Feature(
        "answer by a JSON schema",
        {
            C: chat(response_format={"type": "json_schema", "json_schema": _SCHEMA_C}),
            R: responses(text={"format": {"type": "json_schema", **_SCHEMA_C}}),
            M: messages(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
            G: config(responseMimeType="application/json", responseJsonSchema=SCHEMA),
        },
        _has_schema,
    ),
    Feature(
        "answer as any JSON object",
        {
            C: chat(response_format={"type": "json_object"}),
            R: responses(text={"format": {"type": "json_object"}}),
            G: config(responseMimeType="application/json"),
        },
        lambda request: (
            bool(request.params.get("response_format")) or says("JSON object", "system")(request)
        ),
    ),
    Feature(
        "reasoning effort",
        {
            C: chat(reasoning_effort="high"),
            R: responses(reasoning={"effort": "high"}),
            M: messages(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
            G: config(thinkingConfig={"thinkingLevel": "HIGH"}),
        },
        setting("reasoning_effort", "high"),
    ),
    Feature(
        "its own sealed reasoning",
        {
            R: responses(after=[_REASONING, *_CALLED_R], tools=RESPONSES_TOOLS),
            M: messages(
                after=[
                    {"role": "assistant", "content": [_THINKING, _TEXT]},
                    {"role": "user", "content": "go on"},
                ]
            ),
            G: gemini(
                after=[
                    {
                        "role": "model",
                        "parts": [
                            {
                                "functionCall": {"name": "f", "args": {}},
                                "thoughtSignature": "ZmFrZQ==",
                            }
                        ],
                    },
                    {
                        "role": "user",
                        "parts": [
                            {"functionResponse": {"name": "f", "response": {"output": "one"}}}
                        ],
                    },
                ],
                tools=GEMINI_TOOLS,
            ),
        },
        _sealed,
    ),
    Feature(
        "limit of the answer",
        {
            C: chat(max_completion_tokens=500),
            R: responses(max_output_tokens=500),
            M: messages() | {"max_tokens": 500},
            G: config(maxOutputTokens=500),
        },
        setting("max_tokens", 500),
    ),
    Feature(
        "stop sequences",
        {
            C: chat(stop=["END"]),
            M: messages(stop_sequences=["END"]),
            G: config(stopSequences=["END"]),
        },
        setting("stop", ["END"]),
    ),
    Feature(
        "temperature",
        {
            C: chat(temperature=0.5),
            R: responses(temperature=0.5),
            M: messages(temperature=0.5),
            G: config(temperature=0.5),
        },
        setting("temperature", 0.5),
    ),
    Feature("top_k", {M: messages(top_k=5), G: config(topK=5)}, setting("top_k", 5)),
    Feature("seed", {C: chat(seed=7), G: config(seed=7)}, setting("seed", 7)),
    Feature(
        "penalties",
        {C: chat(presence_penalty=1), G: config(presencePenalty=1)},
        setting("presence_penalty", 1),
    ),
    Feature("several answers", {C: chat(n=2), G: config(candidateCount=2)}, setting("n", 2)),
    Feature(
        "id of the user",
        {
            C: chat(user="someone"),
            R: responses(safety_identifier="someone"),
            M: messages(metadata={"user_id": "someone"}),
        },
        setting("user", "someone"),
    ),
    Feature(
        "mark for the cache",
        {
            C: chat({**_TEXT, "prompt_cache_breakpoint": {"mode": "explicit"}}),
            R: responses({**_TEXT_R, "prompt_cache_breakpoint": {"mode": "explicit"}}),
            M: messages({**_TEXT, "cache_control": {"type": "ephemeral"}}),
        },
        _cached,
    ),
    Feature(
        "state kept at the vendor",
        {R: responses(previous_response_id="resp_1"), G: gemini(cachedContent="cachedContents/1")},
        lambda request: bool(
            request.params.get("previous_response_id") or request.params.get("cachedContent")
        ),
    ),
]

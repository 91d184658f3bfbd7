"""Requests and answers of this dialect, for tests to read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.gemini.read_answer import AnswerReader
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.traits import Traits

USER = {"role": "user", "parts": [{"text": "hi"}]}
TO = Recipient("m", "g")


def read(body: object, **more: Any) -> ChatRequest:
    return Gemini().read_request(json.dumps(body).encode(), model="m", **more)


def sent(request: ChatRequest, to: Recipient = TO) -> Any:
    return json.loads(Gemini().write_request(request, to).body)


def to_model(**traits: Any) -> Recipient:
    return Recipient("m", "g", Traits(**traits))


def asked(*messages: Message, **more: Any) -> ChatRequest:
    """A request of another dialect."""
    return ChatRequest("m", messages, **more)


def chunk(*parts: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    return {"candidates": [candidate], "modelVersion": "g-1", "responseId": "r1", **more}


def data(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def streamed(pieces: Iterable[bytes]) -> list[Event]:
    reader = AnswerReader("g")
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


def bare(events: Sequence[Event]) -> list[Event]:
    """The events without their bytes, and without what the clock says."""
    return [
        replace(event, frame=None, **({"created": 0} if hasattr(event, "created") else {}))
        for event in events
    ]


def chunks_in(stream: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.split(b"\n") if line.startswith(b"data: ")]


AGENT: dict[str, Any] = {
    "contents": [
        {"parts": [{"text": "context", "x": 1}, {"text": "run echo"}], "role": "user", "y": 2},
        {
            "parts": [
                {"text": "hm", "thought": True},
                {"text": "Let me see.", "thoughtSignature": "dGV4dA=="},
                {
                    "functionCall": {"name": "f", "args": {"a": 1}},
                    "thoughtSignature": "a-_",
                    "z": 1,
                },
            ],
            "role": "model",
        },
        {
            "parts": [
                {
                    "functionResponse": {
                        "name": "f",
                        "response": {"output": "18C"},
                        "scheduling": "X",
                    }
                },
                {"inlineData": {"mimeType": "image/png", "data": "_-8"}},
                {"executableCode": {"code": "1"}},
            ]
        },
        {"parts": [{"functionCall": {"id": "fc1", "args": {}, "name": "g"}}], "role": "model"},
        {
            "parts": [{"function_response": {"id": "fc1", "name": "g", "response": {"b": [1]}}}],
            "role": "user",
        },
    ],
    "systemInstruction": {"parts": [{"text": "S"}], "role": "user"},
    "tools": [
        {
            "functionDeclarations": [
                {"name": "f", "parametersJsonSchema": {"type": "object", "properties": {}}, "x": 1},
                {"name": "g", "parameters": {"type": "OBJECT"}},
            ]
        },
        {"google_search": {"x": 1}},
    ],
    "toolConfig": {"retrievalConfig": {"a": 1}},
    "safetySettings": [{"category": "c", "threshold": "t"}],
    "generationConfig": {
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 8192},
    },
}
"""A request of a coding agent in its third step, with fields that this proxy does not know."""

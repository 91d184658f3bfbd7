"""The answers as Gemini gives them."""

from collections.abc import Sequence
from typing import Any

from tests.support.scripted.script import JSON_TEXT, Script, data

_GEMINI_USAGE = {
    "promptTokenCount": 130,
    "cachedContentTokenCount": 100,
    "candidatesTokenCount": 18,
    "thoughtsTokenCount": 12,
    "totalTokenCount": 160,
}
SIGNATURE = "ZmFrZS1zaWduYXR1cmU="


def _gemini(parts: Sequence[Any], finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": _GEMINI_USAGE,
        "modelVersion": "m",
        "responseId": "r1",
    }


_THOUGHT = {"text": "plan", "thought": True}
_CALLS = [
    {"functionCall": {"name": "weather", "args": {"city": "Rome"}}, "thoughtSignature": SIGNATURE},
    {"functionCall": {"name": "clock", "args": {}}},
]

GEMINI = {
    "JSON": Script(
        _gemini([{"text": JSON_TEXT}], "STOP"), [data(_gemini([{"text": JSON_TEXT}], "STOP"))]
    ),
    "TALK": Script(
        _gemini([{"text": "Hello you"}], "STOP"),
        [data(_gemini([{"text": "Hello"}], None)), data(_gemini([{"text": " you"}], "STOP"))],
    ),
    "WORK": Script(
        _gemini([_THOUGHT, {"text": "Hi"}, *_CALLS], "STOP"),
        [
            data(_gemini([{"text": "pl", "thought": True}], None)),
            data(_gemini([{"text": "an", "thought": True}], None)),
            data(_gemini([{"text": "Hi"}], None)),
            data(_gemini([_CALLS[0]], None)),
            data(_gemini([_CALLS[1]], "STOP")),
        ],
    ),
}

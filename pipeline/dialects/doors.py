"""From the path of a request to the dialect that is spoken there and what is asked for.

A file names one path for each dialect; beside it the dialect's clients ask for more, and Gemini's
put the model and the form of the answer into the path.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.dialects.dialect import Dialect
from llm_proxy.pipeline.dialects.gemini import GeminiArray
from llm_proxy.pipeline.record import record

_CHAT = DIALECTS["openai_chat"]
_RESPONSES = DIALECTS["openai_responses"]
_MESSAGES = DIALECTS["anthropic_messages"]
_GEMINI = DIALECTS["gemini"]
_GEMINI_ARRAY = GeminiArray()

SERVED_BY: dict[str, Dialect] = {
    "/chat/completions": _CHAT,
    "/responses": _RESPONSES,
    "/messages": _MESSAGES,
    "/v1beta": _GEMINI,
}
"""The ending of a path that a file may name → the dialect that is spoken there."""

_COUNTING = {"/responses": "/input_tokens", "/messages": "/count_tokens"}
"""What clients add to a path to have tokens counted."""

_REMEMBERED = 256
"""Paths; clients may ask for any."""

_GENERATE = re.compile(
    r"(?P<base>.*)/(?:v1|v1beta|v1alpha)/models/(?P<model>.+):"
    r"(?P<method>generateContent|streamGenerateContent|countTokens)",
    re.DOTALL,
)
"""Gemini's paths. All its versions belong to the path that ends in /v1beta; a model may hold colons
and slashes, so the last colon counts."""


@record
class Door:
    """What a path asks for: `served` is the path in the file that it belongs to."""

    served: str
    dialect: Dialect
    model: str | None = None
    stream: bool = False
    counts_only: bool = False


def door_of(path: str, query: Mapping[str, str]) -> Door | None:
    """The door at a path, or None where none can be."""
    return _door(path, query.get("alt") if query else None)


@lru_cache(_REMEMBERED)
def _door(path: str, alt: str | None) -> Door | None:
    for ending, dialect in SERVED_BY.items():
        if path.endswith(ending) and dialect is not _GEMINI:
            return Door(path, dialect)
        counting = _COUNTING.get(ending)
        if counting and path.endswith(ending + counting):
            return Door(path.removesuffix(counting), dialect, counts_only=True)
    match = _GENERATE.fullmatch(path)
    if match is None:
        return None
    method = match["method"]
    stream = method == "streamGenerateContent"
    as_array = stream and alt != "sse"
    return Door(
        f"{match['base']}/v1beta",
        _GEMINI_ARRAY if as_array else _GEMINI,
        match["model"].removeprefix("models/"),
        stream,
        counts_only=method == "countTokens",
    )


def dialect_for(path: str, headers: Mapping[str, str], query: Mapping[str, str]) -> Dialect:
    """The dialect of a client, by the path it asks for or else by what its SDK sends: paths such as
    /v1/models are claimed by several. `headers` have case-insensitive names."""
    if door := door_of(path, query):
        return door.dialect
    if "/v1beta/" in f"{path}/" or "/v1alpha/" in f"{path}/":
        return _GEMINI
    if "anthropic-version" in headers:
        return _MESSAGES
    if "x-goog-api-key" in headers or "x-goog-api-client" in headers or "key" in query:
        return _GEMINI
    return _CHAT


def unserved_path(path: str) -> str | None:
    """What is wrong with a path in `serves`, or None."""
    if not path.startswith("/"):
        return f'"{path}" is not a path: it must begin with "/"'
    if not path.endswith(tuple(SERVED_BY)):
        endings = ", ".join(SERVED_BY)
        return f'no dialect is spoken at "{path}": a path ends in one of {endings}'
    return None

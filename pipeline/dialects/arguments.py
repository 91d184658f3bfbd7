"""Arguments of tool calls: JSON text for some vendors, an object for others."""

import re
from json import JSONDecoder
from typing import Any

import orjson

from llm_proxy.pipeline.json_values import is_object

CUSTOM_INPUT = "input"
"""The one argument of a tool whose input is free text, where a vendor knows no such tools."""

CUSTOM_SCHEMA = {
    "type": "object",
    "properties": {CUSTOM_INPUT: {"type": "string"}},
    "required": [CUSTOM_INPUT],
    "additionalProperties": False,
}

RAW = "_raw"

_FENCE = re.compile(r"\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
"""How a model quotes JSON where it should write nothing else."""


def arguments_object(text: str, *, custom: bool = False) -> dict[str, Any]:
    """The arguments as an object. An object that a model put into a code fence or wrote something
    behind is found; any other text that is no JSON object is kept under `_raw`; no text at all is
    no arguments. A `custom` tool's text is its input."""
    if custom:
        return {CUSTOM_INPUT: text}
    if not text.strip():
        return {}
    try:
        parsed: Any = orjson.loads(text)
    except ValueError:
        parsed = _found_in(text)
    return parsed if is_object(parsed) else {RAW: text}


def _found_in(text: str) -> Any:
    """The JSON that text begins with, be it in a code fence; None if there is none, or another
    object behind it."""
    fence = _FENCE.fullmatch(text)
    text = fence[1] if fence else text.lstrip()
    try:
        parsed, end = JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return None if "{" in text[end:] else parsed


def arguments_text(text: str, *, custom: bool = False) -> str:
    """The arguments as JSON text, for a vendor that knows functions alone."""
    if custom:
        return orjson.dumps({CUSTOM_INPUT: text}).decode()
    return text if text.strip() else "{}"


def custom_input(arguments: str) -> str:
    """The free text that a model wrote into the argument of a custom tool; all of it where it did
    not keep to the schema."""
    try:
        parsed: Any = orjson.loads(arguments)
    except ValueError:
        return arguments
    value = parsed.get(CUSTOM_INPUT) if is_object(parsed) else None
    return value if isinstance(value, str) else arguments

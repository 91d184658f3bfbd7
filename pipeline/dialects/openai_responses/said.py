"""What an item says, to be compared with what a client has been told."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.openai_responses.answer_items import Call, Foreign, Item
from llm_proxy.pipeline.json_values import is_object, objects_in

_TEXTS = ("text", "refusal", "arguments", "input")


def said(item: Mapping[str, Any]) -> str:
    """All texts of an item, and its arguments."""
    texts = [_text(part) for name in ("summary", "content") for part in objects_in(item.get(name))]
    return "".join([*texts, *(str(item.get(name) or "") for name in ("arguments", "input"))])


def said_in(fields: Mapping[str, Any], item: Item) -> bool:
    """Whether an event that tells an open item's content again, or a part's, tells what is in
    it."""
    if isinstance(item, Foreign):
        return True
    so_far = "".join(item.pieces)
    if is_object(whole := fields.get("item")):
        before = "" if isinstance(item, Call) else said(item.fields)
        return said(whole) == before + so_far
    part = fields.get("part")
    told = [(part if is_object(part) else fields).get(name) for name in _TEXTS]
    return all(not isinstance(one, str) or one == so_far for one in told)


def _text(part: Mapping[str, Any]) -> str:
    return str(part.get("text") or part.get("refusal") or "")

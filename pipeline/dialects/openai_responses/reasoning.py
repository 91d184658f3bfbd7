"""Items of reasoning, as they stand in a conversation and in an answer alike."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.dialects.seals import untag
from llm_proxy.pipeline.json_values import objects_in
from llm_proxy.pipeline.parts import Reasoning, Seal

BETWEEN = "\n\n"
"""Stands between the parts of a summary."""

_OWN_ID = "rs_px"
"""What the id of an item begins with that no vendor knows."""


def own_reasoning_id() -> str:
    """An id for an item of reasoning that comes from a vendor of another dialect."""
    return f"{_OWN_ID}{uuid4().hex}"


def reasoning_text(item: Mapping[str, Any]) -> str:
    """What was thought: its summary, or the thought itself where there is none."""
    for name in ("summary", "content"):
        texts = [part["text"] for part in objects_in(item.get(name)) if _has_text(part)]
        if texts:
            return BETWEEN.join(texts)
    return ""


def _has_text(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("text"), str) and bool(part["text"])


def read_reasoning(item: Mapping[str, Any]) -> tuple[Reasoning, ...]:
    """An item of a client's history: state of its vendor's, or other vendors' in a tag of ours, or
    what this proxy has written for a vendor without any."""
    text, state = reasoning_text(item), item.get("encrypted_content")
    seals = untag(state)
    if seals is None:
        known = state or not str(item.get("id") or _OWN_ID).startswith(_OWN_ID)
        return (Reasoning(text, Seal(NAME, item) if known else None, item),)
    first = Reasoning(text, seals[0] if seals else None, item)
    return (first, *(Reasoning("", seal) for seal in seals[1:]))


def sealed_item(item: Mapping[str, Any], maker: str) -> Seal | None:
    """The state in an item of a vendor's answer, to be handed back as an item of a request."""
    if not item.get("encrypted_content"):
        return None
    block = {name: value for name, value in item.items() if name != "status"}
    return Seal(NAME, block, maker)

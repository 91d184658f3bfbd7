"""`ChatRequest` → a request to generate, or to count tokens, for the vendor."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.body import json_bytes
from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.gemini.formats import NAME
from llm_proxy.pipeline.dialects.gemini.read_request import COUNTED, asked_in
from llm_proxy.pipeline.dialects.gemini.translate import translated
from llm_proxy.pipeline.dialects.gemini.wire_names import get, put
from llm_proxy.pipeline.dialects.gemini.write_contents import with_placeholders, written_messages
from llm_proxy.pipeline.dialects.gemini.write_settings import Settings
from llm_proxy.pipeline.dialects.gemini.write_tools import written_choice, written_tools
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.sampling import with_fitting_changes
from llm_proxy.pipeline.dialects.seals import FOREIGN, without_foreign_seals
from llm_proxy.pipeline.request import ChatRequest, Source

_MODELS = "models/"


def write_request(request: ChatRequest, to: Recipient) -> Written:
    """The request to send. Where nothing differs from what the client sent, its very bytes: the
    model and whether to stream stand in the path."""
    source = request.source
    if source is None or source.dialect != NAME:
        body, written = translated(request, to)
        if request.counts_only:
            body = {COUNTED: {"model": _MODELS + to.model, **body}}
        return written(json_bytes(body))
    losses = Losses()
    request = without_foreign_seals(request, NAME, to.maker, losses)
    asked = dict(asked_in(source.body, counts_only=request.counts_only))
    is_changed = _change(asked, request, source, to, losses)
    if "model" in asked and asked["model"] not in (to.model, _MODELS + to.model):
        asked["model"] = _MODELS + to.model
        is_changed = True
    if not is_changed:
        return Written(source.raw, losses.told)
    body = _counting(asked, source.body, to) if request.counts_only else asked
    return Written(json_bytes(body), losses.told)


def _counting(asked: dict[str, Any], old: Mapping[str, Any], to: Recipient) -> dict[str, Any]:
    """Contents by themselves can be counted as such, all else only as a request."""
    if get(old, COUNTED) is None:
        return asked if set(asked) == {"contents"} else {COUNTED: _with_model(asked, to)}
    body = dict(old)
    put(body, COUNTED, asked)
    return body


def _with_model(asked: dict[str, Any], to: Recipient) -> dict[str, Any]:
    return {"model": _MODELS + to.model, **asked}


def _change(
    body: dict[str, Any], request: ChatRequest, source: Source, to: Recipient, losses: Losses
) -> bool:
    """Write into the body what differs from the client's; says whether anything did."""
    settings = Settings(body, to.traits, losses)
    before = dict(body)
    if request.messages is not source.messages:
        instruction, contents = written_messages(request.messages)
        lost = f"dropped {FOREIGN}" in losses.told
        if lost and to.traits.thinking == "level":
            contents = with_placeholders(contents)
        put(body, "systemInstruction", instruction)
        put(body, "contents", contents)
    if request.tools is not source.tools:
        put(body, "tools", written_tools(request.tools) or None)
    if request.tool_choice != source.tool_choice:
        choice = request.tool_choice
        config = None if choice is None else written_choice(choice)
        settings.put_in("toolConfig", "functionCallingConfig", config)
    if request.params is not source.params:
        params = with_fitting_changes(request.params, source.params, to.traits, losses)
        settings.change(params, source.params)
    return body != before

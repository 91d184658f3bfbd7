"""What becomes of each feature between each client and each vendor, found out by trying."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import orjson

from llm_proxy.backends.traits import traits_of
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.dialects.dialect import Dialect, Recipient
from llm_proxy.pipeline.errors import BadRequest, Untranslatable
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.request import ChatRequest
from tests.matrix.answers import Feature as AnswerFeature
from tests.matrix.answers import answer
from tests.matrix.bodies import chat, gemini, messages, responses
from tests.matrix.feature import Feature
from tests.support.four_vendors import MODELS
from tests.support.oracle import check_body

Outcome = Literal["kept", "told", "refused", "unsayable", "silent"]

VENDORS = {
    "openai_chat": "openai",
    "openai_responses": "openai",
    "anthropic_messages": "anthropic",
    "gemini": "gemini",
}
"""Dialect → under which name facts about its vendor's models are known."""


def recipient(vendor: str) -> Recipient:
    """A current model of a vendor."""
    model = MODELS[vendor]
    return Recipient(model, VENDORS[vendor], traits_of(VENDORS[vendor], model, {}))


def outcome(feature: Feature, client: str, vendor: str) -> tuple[Outcome, Sequence[str]]:
    """What becomes of it, and what the client is told."""
    if client not in feature.bodies:
        return "unsayable", ()
    raw = orjson.dumps(feature.bodies[client])
    request = DIALECTS[client].read_request(raw, model="m")
    try:
        written = DIALECTS[vendor].write_request(request, recipient(vendor))
    except (Untranslatable, BadRequest) as error:
        return "refused", (error.message,)
    if client != vendor:  # else the words are the client's own
        check_body(vendor, written.body)
    arrived = DIALECTS[vendor].read_request(written.body, model="m")
    if feature.arrived(arrived):
        return "kept", written.losses
    if written.losses:
        return "told", written.losses
    return "silent", ()


def answer_outcome(feature: AnswerFeature, client: str, vendor: str, *, stream: bool) -> Outcome:
    """What becomes of it on its way from a vendor's bytes to a client's, both ways of sending."""
    events = answer(feature, vendor)
    if events is None:
        return "unsayable"
    request = DIALECTS[client].read_request(orjson.dumps(_ASKED[client]), model="m")
    theirs = _passed(DIALECTS[vendor], request, events, "it", stream=stream)
    came = _passed(DIALECTS[client], request, theirs, "", stream=stream)
    return "kept" if feature.arrived(came, events) else "silent"


_ASKED = {
    "openai_chat": {**chat(), "stream_options": {"include_usage": True}},
    "openai_responses": responses(),
    "anthropic_messages": messages(),
    "gemini": gemini(),
}


def _passed(
    dialect: Dialect, request: ChatRequest, events: Sequence[Event], maker: str, *, stream: bool
) -> list[Event]:
    """The events, written as this dialect's answer and read again."""
    asked = replace(request, stream=stream, wants_usage=True)
    if not stream:
        return dialect.read_whole(dialect.write_whole(asked, events), maker)
    writer, reader = dialect.write_stream(asked), dialect.read_stream(maker)
    body = writer.write(events)
    return [*reader.feed(body), *reader.close()]

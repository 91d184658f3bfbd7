"""What a vendor gets of a client's request, and what a client gets of a vendor's answer: the ways
through the dialects that the tests of the pitfalls go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from llm_proxy.backends.restored import Restored
from llm_proxy.backends.traits import traits_of
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.request import ChatRequest
from tests.matrix.bodies import chat, gemini, messages, responses
from tests.matrix.cells import VENDORS
from tests.support.four_vendors import MODELS
from tests.support.scripts import data

Json = Any
C, R, M, G = "openai_chat", "openai_responses", "anthropic_messages", "gemini"
CLIENTS = (C, R, M, G)

ASKED: Mapping[str, Json] = {C: chat(), R: responses(), M: messages(), G: gemini()}
"""The smallest request of each client."""


def read(client: str, body: Json) -> ChatRequest:
    return DIALECTS[client].read_request(orjson.dumps(body), model="m")


def written(client: str, body: Json, vendor: str, model: str = "", server: str = "") -> Written:
    server, model = server or VENDORS[vendor], model or MODELS[vendor]
    to = Recipient(model, server, traits_of(server, model, {}))
    return DIALECTS[vendor].write_request(read(client, body), to)


def sent(client: str, body: Json, vendor: str, model: str = "", server: str = "") -> Json:
    """The body that a vendor gets."""
    return orjson.loads(written(client, body, vendor, model, server).body)


def batches(vendor: str, frames: Sequence[bytes]) -> Iterator[Sequence[Event]]:
    """What is read of a vendor's stream, frame by frame."""
    reader = DIALECTS[vendor].read_stream("it")
    for frame in frames:
        yield reader.feed(frame)
    if not reader.ended:
        yield reader.close()


def events(vendor: str, frames: Sequence[bytes]) -> list[Event]:
    """All that is read of a vendor's stream."""
    return [event for some in batches(vendor, frames) for event in some]


def streamed(
    vendor: str, frames: Sequence[bytes], client: str, as_sent: Written | None = None
) -> bytes:
    """The stream that a client gets of a vendor's."""
    asked = read(client, {**ASKED[client], **({} if client == G else {"stream": True})})
    writer = DIALECTS[client].write_stream(replace(asked, stream=True))
    came = batches(vendor, frames)
    if client != vendor or as_sent:
        restored = Restored(as_sent or Written(b""), [])
        came = ([e for event in some for e in restored(event)] for some in came)
    return b"".join(writer.write(some) for some in came if some)


def whole(vendor: str, body: Json, client: str) -> Json:
    """The whole answer that a client gets of a vendor's."""
    came = DIALECTS[vendor].read_whole(orjson.dumps(body), "it")
    return orjson.loads(DIALECTS[client].write_whole(read(client, ASKED[client]), came))


def told(body: bytes) -> list[Json]:
    """The JSON of a stream's frames."""
    lines = [line for line in body.split(b"\n") if line.startswith(b"data: {")]
    return [orjson.loads(line.removeprefix(b"data: ")) for line in lines]


def names(body: bytes) -> list[str]:
    """The names of a stream's events, in order."""
    lines = body.decode().split("\n")
    return [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]


# --- a chat vendor's chunks ----------------------------------------------------------------------


def chunk(delta: Json, finish: str | None = None, **more: Json) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return data({"id": "c1", "created": 1, "model": "m", "choices": [choice], **more})


def call(index: int | None, id_: str = "", name: str = "", arguments: str = "") -> bytes:
    """A chunk with a piece of a tool call; what is empty is left out."""
    function = {"name": name, "arguments": arguments}
    fields = {"index": index, "id": id_, "function": {k: v for k, v in function.items() if v}}
    return chunk({"tool_calls": [{k: v for k, v in fields.items() if v not in ("", None)}]})


def chat_usage(prompt: int = 9, completion: int = 5, **more: Json) -> bytes:
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, **more}
    return data({"id": "c1", "model": "m", "choices": [], "usage": counts})


DONE = b"data: [DONE]\n\n"
CALLED = chunk({}, "tool_calls")


# --- histories -----------------------------------------------------------------------------------


def called(*calls: str, results: Sequence[Json] = (), **message: Json) -> list[Json]:
    """A chat client's turn of calls, and what came of them."""
    made = [
        {"id": id_, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for id_ in calls
    ]
    answers = [
        {"role": "tool", "tool_call_id": id_, "content": content}
        for id_, content in zip(calls, results or ["18C"] * len(calls), strict=True)
    ]
    return [{"role": "assistant", "content": None, "tool_calls": made, **message}, *answers]


def used(*blocks: Json, result: Json = "18C", thought: Json = None) -> list[Json]:
    """A Messages client's turn of one call, and what came of it among other blocks."""
    use = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
    answer = {"type": "tool_result", "tool_use_id": "c1", "content": result}
    return [
        {"role": "assistant", "content": [*([thought] if thought else []), use]},
        {"role": "user", "content": [*blocks, answer]},
    ]

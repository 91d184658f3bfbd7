"""What coding agents really send, through the server process to a vendor of every dialect."""

import http.client
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from tests.support.captures import CAPTURES, Capture
from tests.support.four_vendors import FourVendors, model_at
from tests.support.oracle import check_upstream
from tests.support.process import Server
from tests.support.scripts import SCRIPTS

pairs = pytest.mark.parametrize("vendor", list(SCRIPTS))
requests = pytest.mark.parametrize("capture", CAPTURES, ids=str)


def _send(
    proxy: Server, capture: Capture, vendor: str, *, stream: bool = True
) -> tuple[Any, bytes]:
    """The request with another model and our key; the answer's head and its body."""
    body = dict(capture.body)
    path, query = capture.path, dict(capture.query)
    if capture.dialect == "gemini":
        path = re.sub(r"models/[^:]+", f"models/{model_at(vendor)}", path)
        if not stream:
            path, query = path.replace("streamGenerateContent", "generateContent"), {}
    else:
        body |= {"model": model_at(vendor), "stream": stream}
        if not stream:
            body.pop("stream_options", None)
    address = urlsplit(proxy.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    headers = {**capture.headers, "x-api-key": "fake-key", "content-type": "application/json"}
    target = f"{path}?{urlencode(query)}" if query else path
    connection.request("POST", target, orjson.dumps(body), headers)
    response = connection.getresponse()
    read = response.read()
    connection.close()
    return response, read


def _events(capture: Capture, body: bytes, *, stream: bool) -> list[Event]:
    dialect = DIALECTS[capture.dialect]
    if not stream:
        return dialect.read_whole(body)
    reader = dialect.read_stream()
    return [*reader.feed(body), *reader.close()]


@requests
@pairs
@pytest.mark.parametrize("way", ["TALK, whole", "TALK, streamed", "WORK, whole", "WORK, streamed"])
def test_an_agent_works_with_every_vendor(
    proxy: Server, vendors: FourVendors, capture: Capture, vendor: str, way: str
) -> None:
    script, stream = way.partition(",")[0], way.endswith("streamed")
    vendors.reset(script)
    response, body = _send(proxy, capture, vendor, stream=stream)

    assert response.status == 200, body
    received = vendors.received(vendor)
    if vendor != capture.dialect:
        check_upstream(vendor, received)
    events = _events(capture, body, stream=stream)
    assert isinstance(events[-1], End)
    assert not [event for event in events if isinstance(event, Failure)]
    usage = [event for event in events if isinstance(event, Usage)][-1]
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (130, 30, 100)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    finish = next(event.reason for event in events if isinstance(event, Finish))
    if script == "TALK":
        assert (text, finish) == ("Hello you", "stop")
        return
    names = [event.name for event in events if isinstance(event, ToolCallStart)]
    arguments = {0: "", 1: ""}
    for event in events:
        if isinstance(event, ToolCallDelta):
            arguments[event.index] += event.arguments
    assert (text, finish, names) == ("Hi", "tool_calls", ["weather", "clock"])
    assert orjson.loads(arguments[0]) == {"city": "Rome"}
    assert orjson.loads(arguments[1] or "{}") == {}


@requests
def test_the_vendor_gets_what_its_own_agent_sent(
    proxy: Server, vendors: FourVendors, capture: Capture
) -> None:
    vendor = capture.dialect
    _send(proxy, capture, vendor)

    received = vendors.received(vendor).json
    if vendor != "gemini":
        assert received.pop("model") == model_at(vendor).partition(":")[2]
    expected = {**capture.body}
    expected.pop("model", None)
    assert received == expected


@requests
@pairs
def test_every_tool_and_every_text_arrives(
    proxy: Server, vendors: FourVendors, capture: Capture, vendor: str
) -> None:
    response, _ = _send(proxy, capture, vendor)

    warned = response.headers.get("x-llm-proxy-warnings", "")
    body = vendors.received(vendor).body.decode()
    client = DIALECTS[capture.dialect]
    asked = client.read_request(capture.raw, model="m")
    for tool in asked.tools:
        if tool.hosted and vendor != capture.dialect:
            assert f"dropped tool {tool.name}" in warned
        else:
            assert tool.name.rpartition("__")[2] in body
    for message in asked.messages:
        assert _without_escapes(message.text)[:20] in _without_escapes(body)


def _without_escapes(text: str) -> str:
    return re.sub(r'\\[nt"\\]|[\n\t"\\]', "", text)

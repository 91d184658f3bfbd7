"""Whatever a client of any dialect sends, a vendor of any other gets a conversation it takes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects import DIALECTS
from tests.matrix.cells import recipient
from tests.matrix.conversations import BODIES, TAGGED, Turn, conversations
from tests.support.oracle import check_body

Json = Any
PAIRS = [(client, vendor) for client in BODIES for vendor in DIALECTS if client != vendor]


@pytest.mark.parametrize(("client", "vendor"), PAIRS)
@given(turns=conversations)
def test_any_conversation_islegal_at_any_vendor(
    client: str, vendor: str, turns: Sequence[Turn]
) -> None:
    raw = orjson.dumps(BODIES[client](turns))
    request = DIALECTS[client].read_request(raw, model="m")
    written = DIALECTS[vendor].write_request(request, recipient(vendor)).body

    check_body(vendor, written)
    assert TAGGED.encode() not in written
    body = orjson.loads(written)
    {
        "openai_chat": legal_chat,
        "openai_responses": legal_responses,
        "anthropic_messages": legal_messages,
        "gemini": legal_gemini,
    }[vendor](body)
    text = written.decode()
    for _, pieces in turns:
        for piece in pieces:
            if piece[0] in ("text", "result") and piece[-1].strip():
                assert piece[-1] in text


def legal_chat(body: Json) -> None:
    owed: list[str] = []
    for message in body["messages"]:
        assert message["role"] in ("system", "user", "assistant", "tool")
        if message["role"] == "tool":
            assert message["tool_call_id"] == owed.pop(0)
            continue
        assert owed == []
        owed = [call["id"] for call in message.get("tool_calls", ())]
        may_be_empty = message["role"] == "assistant" or len(body["messages"]) == 1
        assert message["content"] or message.get("tool_calls") or may_be_empty
    last = body["messages"][-1]
    assert owed == [] or last["role"] == "assistant"


def legal_responses(body: Json) -> None:
    items = body["input"]
    open_: list[str] = []
    for position, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "function_call":
            open_.append(item["call_id"])
        elif kind == "function_call_output":
            open_.remove(item["call_id"])
        elif item.get("role") in ("user", "system"):
            assert open_ == [], f"a call without a result before item {position}"


def legal_messages(body: Json) -> None:
    roles = [message["role"] for message in body["messages"]]
    assert roles[0] == "user"
    for one, other in pairwise(roles):
        assert one != other
    owed: list[str] = []
    for message in body["messages"]:
        blocks = message["content"]
        assert blocks
        assert all(block["text"] for block in blocks if block["type"] == "text")
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        assert [block["type"] for block in blocks[: len(results)]] == ["tool_result"] * len(results)
        assert results == owed
        owed = [block["id"] for block in blocks if block["type"] == "tool_use"]
        assert all(block["signature"] for block in blocks if block["type"] == "thinking")


def legal_gemini(body: Json) -> None:
    roles = [content["role"] for content in body["contents"]]
    assert roles[0] == "user"
    for one, other in pairwise(roles):
        assert one != other
    owed = 0
    for content in body["contents"]:
        assert content["parts"]
        answers = [part for part in content["parts"] if "functionResponse" in part]
        assert len(answers) == owed
        assert all(isinstance(a["functionResponse"]["response"], dict) for a in answers)
        owed = len([part for part in content["parts"] if "functionCall" in part])


@pytest.mark.parametrize("client", list(BODIES))
@given(turns=conversations)
def test_to_its_own_vendor_a_conversation_goes_as_it_came(
    client: str, turns: Sequence[Turn]
) -> None:
    body = {**BODIES[client](turns), "a_field_of_tomorrow": {"x": [1]}}
    raw = orjson.dumps(body)
    if TAGGED.encode() in raw or b'"signature":""' in raw:
        return  # what another vendor thought is taken out; other tests look at it
    dialect = DIALECTS[client]
    request = dialect.read_request(raw, model="m")
    to = recipient(client)
    written = orjson.loads(dialect.write_request(request, to).body)
    expected = {**body, "model": to.model} if "model" in body else body
    assert written == expected

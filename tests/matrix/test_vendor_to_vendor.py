"""One conversation that goes from vendor to vendor and back: each gets its own state back as it
was, nobody another's, and every vendor a history it takes."""

from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from tests.matrix.cells import recipient
from tests.matrix.pitfalls import ASKED, CLIENTS, C, G, Json, M, R, read
from tests.matrix.test_conversations import (
    legal_chat,
    legal_gemini,
    legal_messages,
    legal_responses,
)
from tests.support.oracle import check_body
from tests.support.scripts import SCRIPTS

LEGAL = {C: legal_chat, R: legal_responses, M: legal_messages, G: legal_gemini}
LETTERS = {"C": C, "R": R, "M": M, "G": G}
STATES = {
    R: ("fake-encrypted", "fake-encrypted-{}"),
    M: ("fake-signature", "fake-signature-{}"),
    G: ("ZmFrZS1zaWduYXR1cmU=", "ZmFrZS1zaWduYXR1{}A=="),
}
"""A vendor's state in its script, and what it is in each turn."""

ROUTES = ["MGMCM", "GMGRG", "RMRGR", "CGCMC", "MMGGM", "GGMCG", "RRGMR", "GCRMG", "MRGCM"]


def answer(vendor: str, turn: int) -> bytes:
    """What the vendor says in this turn: thoughts, a text and two calls."""
    raw = orjson.dumps(SCRIPTS[vendor]["WORK"].whole).decode()
    state, of_turn = STATES.get(vendor, ("", ""))
    if state:
        raw = raw.replace(state, of_turn.format(turn))
    return raw.replace("call_", f"call_{turn}").replace("rs_", f"rs_{turn}").encode()


def continued(client: str, body: Json, told: Json, *, says: bool) -> Json:
    """The client's next request: the answer, what came of its calls, perhaps a word beside."""
    go = [{"role": "user", "content": "go on"}] if says else []
    match client:
        case "openai_chat":
            message = told["choices"][0]["message"]
            results = [
                {"role": "tool", "tool_call_id": call["id"], "content": "18C"}
                for call in message["tool_calls"]
            ]
            return {**body, "messages": [*body["messages"], message, *results, *go]}
        case "openai_responses":
            made = [item for item in told["output"] if "call_id" in item]
            items = [
                {"type": "function_call_output", "call_id": item["call_id"], "output": "18C"}
                for item in made
            ]
            return {**body, "input": [*body["input"], *told["output"], *items, *go]}
        case "anthropic_messages":
            blocks: list[Any] = [
                {"type": "tool_result", "tool_use_id": block["id"], "content": "18C"}
                for block in told["content"]
                if block["type"] == "tool_use"
            ]
            blocks += [{"type": "text", "text": "go on"}] if says else []
            turn = {"role": "assistant", "content": told["content"]}
            return {
                **body,
                "messages": [*body["messages"], turn, {"role": "user", "content": blocks}],
            }
        case _:
            content = told["candidates"][0]["content"]
            calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
            parts: list[Any] = [
                {"functionResponse": {**_id_of(call), "response": {"output": "18C"}}}
                for call in calls
            ]
            parts += [{"text": "go on"}] if says else []
            return {
                **body,
                "contents": [*body["contents"], content, {"role": "user", "parts": parts}],
            }


def _id_of(call: Json) -> Json:
    return {key: call[key] for key in ("id", "name") if key in call}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("says", [False, True], ids=["silent", "talking"])
@pytest.mark.parametrize("route", ROUTES)
def test_everybody_gets_the_own_state_back_and_no_others(
    client: str,
    route: str,
    says: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    body = ASKED[client]
    vendors = [LETTERS[letter] for letter in route]
    for turn, vendor in enumerate(vendors):
        to = recipient(vendor)
        raw = DIALECTS[vendor].write_request(read(client, body), to).body
        assert b"px1." not in raw
        assert b"cHgx" not in raw  # the same in base64
        if vendor != client:
            check_body(vendor, raw)
            LEGAL[vendor](orjson.loads(raw))
        for earlier, (other, (_, of_turn)) in _states(vendors[:turn]):
            state = of_turn.format(earlier).encode()
            if other != vendor:
                assert state not in raw
            elif vendor != M or earlier == turn - 1:
                assert state in raw  # Anthropic's own may go where another's stood behind it
        events = DIALECTS[vendor].read_whole(answer(vendor, turn), to.maker)
        told = orjson.loads(DIALECTS[client].write_whole(read(client, body), events))
        body = continued(client, body, told, says=says)


def _states(vendors: list[str]) -> list[tuple[int, tuple[str, tuple[str, str]]]]:
    """The turns in which a vendor gave state, with whose and which it was."""
    return [(turn, (one, STATES[one])) for turn, one in enumerate(vendors) if one in STATES]

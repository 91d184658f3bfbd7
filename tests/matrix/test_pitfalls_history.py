"""Pitfalls of earlier turns: what was said, called, given back and thought."""

import orjson
import pytest

from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.parts import Seal
from tests.matrix.bodies import CHAT_TOOLS, PNG, chat, gemini, messages, responses
from tests.matrix.pitfalls import C, G, Json, M, R, called, sent, used
from tests.support.scripts import SIGNATURE

FOREIGN = tag([Seal(G, {"thoughtSignature": "x"}, "somebody")])


def texts(content: Json) -> list[str]:
    return [block["text"] for block in content if block["type"] == "text"]


def test_13_two_tool_messages_are_one_user_message() -> None:
    body = sent(C, chat(after=called("c1", "c2")), M)
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    results = [block["tool_use_id"] for block in body["messages"][-1]["content"]]
    assert results == ["c1", "c2"]


@pytest.mark.parametrize("vendor", [C, R, M, G])
def test_14_text_beside_a_result_stands_behind_it(vendor: str) -> None:
    client = C if vendor == M else M
    said = {"type": "text", "text": "and now?"}
    after: Json = (
        [*called("c1"), {"role": "user", "content": [said]}] if client == C else used(said)
    )
    raw = orjson.dumps(sent(client, (chat if client == C else messages)(after=after), vendor))
    assert 0 < raw.find(b"18C") < raw.find(b"and now?")


@pytest.mark.parametrize(
    "result",
    [
        [{"type": "tool_reference", "tool_name": "g"}],
        [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}],
        [],
        None,
    ],
    ids=["reference", "image", "empty", "none"],
)
def test_15_a_result_without_text_is_still_a_result(result: Json) -> None:
    body = messages(after=used(result=result))
    last = [m for m in sent(M, body, C)["messages"] if m["role"] == "tool"]
    assert [message["tool_call_id"] for message in last] == ["c1"]
    items = sent(M, body, R)["input"]
    assert [i["call_id"] for i in items if i.get("type") == "function_call_output"] == ["c1"]
    contents = sent(M, body, G)["contents"]
    assert contents[-1]["parts"][0]["functionResponse"]["id"] == "c1"


def test_16_text_beside_calls_is_kept_and_no_calls_are_no_list() -> None:
    body = sent(C, chat(after=called("c1", content="wait")), M)
    assert [b["type"] for b in body["messages"][1]["content"]] == ["text", "tool_use"]
    bare: Json = [{"role": "assistant", "content": "yes", "tool_calls": []}]
    turn = sent(C, chat(after=[*bare, {"role": "user", "content": "go"}]), M)["messages"][1]
    assert turn["content"] == [{"type": "text", "text": "yes"}]


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_17_no_empty_text_block_goes_to_anthropic(text: str) -> None:
    body = chat({"type": "text", "text": text}, {"type": "text", "text": "hi"})
    body["messages"].insert(0, {"role": "system", "content": text})
    body["messages"] += called("c1", content=text, results=[text])
    written = sent(C, body, M)
    assert "system" not in written
    assert [t for m in written["messages"] for t in texts(m["content"])] == ["hi"]


@pytest.mark.parametrize(
    "thought",
    [
        {"reasoning_content": "plan"},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": FOREIGN}]},
    ],
    ids=["unsigned", "foreign"],
)
def test_31_no_made_up_signature_goes_to_anthropic(thought: Json) -> None:
    raw = orjson.dumps(sent(C, chat(after=called("c1", **thought)), M))
    assert b"signature" not in raw
    assert b"px1." not in raw
    calls: Json = [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": SIGNATURE}]
    made: Json = [{"role": "model", "parts": calls}]
    assert b"ignature" not in orjson.dumps(sent(G, gemini(after=made), M))


def test_32_a_signature_stays_on_its_own_call_as_it_was() -> None:
    calls: Json = [
        {"functionCall": {"id": "a", "name": "f", "args": {}}, "thoughtSignature": SIGNATURE},
        {"functionCall": {"id": "b", "name": "f", "args": {}}},
    ]
    # As a Messages client keeps it: in a thought before the calls.
    seal = tag([Seal(G, {"thoughtSignature": SIGNATURE}, "gemini", "a")])
    uses: Json = [{"type": "tool_use", "id": id_, "name": "f", "input": {}} for id_ in "ab"]
    thought = {"type": "thinking", "thinking": "", "signature": seal}
    answers = [{"type": "tool_result", "tool_use_id": id_, "content": "x"} for id_ in "ab"]
    after: Json = [
        {"role": "assistant", "content": [thought, *uses]},
        {"role": "user", "content": answers},
    ]
    assert sent(M, messages(after=after), G)["contents"][1]["parts"] == calls


def test_33_deepseek_gets_back_what_was_thought_before_calls() -> None:
    thought = {"type": "thinking", "thinking": "plan", "signature": "theirs"}
    body = sent(M, messages(after=used(thought=thought)), C, server="deepseek")
    assert body["messages"][1]["reasoning_content"] == "plan"


def test_34_what_is_lost_in_the_middle_takes_all_thoughts_before_it_along() -> None:
    turns = [
        {"role": "assistant", "content": [_signed("own"), {"type": "text", "text": "one"}]},
        {"role": "user", "content": "go on"},
        {"role": "assistant", "content": [_signed(FOREIGN)]},
        {"role": "user", "content": "go on"},
        {"role": "assistant", "content": [_signed("own"), {"type": "text", "text": "three"}]},
        {"role": "user", "content": "go on"},
    ]
    written = sent(M, messages(after=turns), M)["messages"]
    kinds = [[block["type"] for block in m["content"]] for m in written if m["role"] != "user"]
    assert kinds == [["text"], ["thinking", "text"]]
    assert all(message["content"] for message in written)


def _signed(signature: str) -> Json:
    return {"type": "thinking", "thinking": "plan", "signature": signature}


def test_43_a_call_is_matched_by_its_call_id_and_not_by_its_items_id() -> None:
    item = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c1", "output": "18C"}
    turns = sent(R, responses(after=[item, result]), M)["messages"]
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"] == "c1"
    items = sent(C, chat(after=called("c1")), R)["input"]
    assert [i.get("call_id") for i in items] == [None, "c1", "c1"]


def test_55_there_is_one_function_response_for_each_call_in_one_content() -> None:
    after: Json = [
        *called("a", "b", "c")[:-1],
        {"role": "user", "content": "go on"},
    ]  # c has no result
    contents = sent(C, chat(after=after), G)["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    answers = [p["functionResponse"] for p in contents[2]["parts"] if "functionResponse" in p]
    assert [answer["id"] for answer in answers] == ["a", "b", "c"]


@pytest.mark.parametrize("result", ["18C", "[1]", '"a"', '{"a":1}', ""])
def test_56_a_function_response_is_an_object_under_its_tools_name(result: str) -> None:
    contents = sent(C, chat(after=called("c1", results=[result])), G)["contents"]
    answer = contents[-1]["parts"][0]["functionResponse"]
    assert isinstance(answer["response"], dict)
    assert answer["name"] == "f"


def test_57_made_up_ids_do_not_collide() -> None:
    calls: Json = [{"functionCall": {"name": "f", "args": {"n": n}}} for n in range(3)]
    answers = [
        {"functionResponse": {"name": "f", "response": {"output": str(n)}}} for n in range(3)
    ]
    twice = [{"role": "model", "parts": calls}, {"role": "user", "parts": answers}] * 2
    turns = sent(G, gemini(after=twice), C)["messages"]
    made: Json = [call["id"] for turn in turns for call in turn.get("tool_calls", ())]
    assert len(set(made)) == 6
    answered = [(m["tool_call_id"], m["content"]) for m in turns if m["role"] == "tool"]
    assert answered == list(zip(made, ["0", "1", "2"] * 2, strict=True))


def test_60_ids_of_calls_fit_every_vendor_and_still_match() -> None:
    long = "call.1|" + "x" * 300
    for vendor, most in ((C, 40), (R, 64), (M, 128)):
        client = R if vendor == C else C
        items = [
            {"type": "function_call", "call_id": long, "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": long, "output": "18C"},
        ]
        body = responses(after=items) if client == R else chat(after=called(long))
        raw = sent(client, body, vendor)
        ids = _ids(raw)
        assert len(ids) == 2
        assert len(set(ids)) == 1
        assert len(ids[0]) <= most
        assert ids[0].replace("_", "").replace("-", "").isalnum()


def _ids(body: Json) -> list[str]:
    found: list[str] = []
    for message in body.get("messages", body.get("input")):
        found += [call["id"] for call in message.get("tool_calls", ())]
        found += [message[key] for key in ("tool_call_id", "call_id") if key in message]
        for block in message.get("content") or () if "role" in message else ():
            if isinstance(block, dict):
                found += [block[key] for key in ("id", "tool_use_id") if key in block]
    return found


def test_62_a_billing_line_that_changes_goes_to_nobody_else() -> None:
    system = [
        {"type": "text", "text": "x-anthropic-billing-header: cch=1234;"},
        {"type": "text", "text": "be kind"},
    ]
    for vendor in (C, R, G):
        raw = orjson.dumps(sent(M, messages(system=system), vendor))
        assert b"billing" not in raw
        assert b"be kind" in raw
    assert sent(M, messages(system=system), M)["system"] == system


def test_63_a_system_turn_in_the_middle_is_neither_lost_nor_the_assistants() -> None:
    after: Json = [
        {"role": "assistant", "content": "ok"},
        {"role": "user", "content": "go"},
        {"role": "system", "content": "now rhyme"},
    ]
    for vendor in (C, R, G):
        body = sent(M, messages(after=after), vendor)
        turns = body[{C: "messages", R: "input", G: "contents"}[vendor]]
        holds = [turn["role"] for turn in turns if b"now rhyme" in orjson.dumps(turn)]
        assert holds == ["user" if vendor == G else "system"]
    told = chat(after=[*after[:2], {"role": "developer", "content": "now rhyme"}])
    assert sent(C, told, M)["messages"][-1]["role"] == "system"
    old = sent(C, told, M, "claude-sonnet-4-5")["messages"][-1]
    assert (old["role"], texts(old["content"])) == ("user", ["go", "now rhyme"])


def test_65_no_choice_is_left_where_no_tool_is() -> None:
    hosted = [{"type": "web_search"}]
    for vendor in (C, M, G):
        raw = orjson.dumps(sent(R, responses(tools=hosted, tool_choice="auto"), vendor))
        assert b"tool_choice" not in raw
        assert b"toolConfig" not in raw
    for vendor in (R, M, G):
        raw = orjson.dumps(sent(C, chat(tools=[], tool_choice="auto"), vendor))
        assert b"tool_choice" not in raw
        assert b"toolConfig" not in raw
    assert "tool_choice" in sent(C, chat(tools=CHAT_TOOLS, tool_choice="auto"), M)


def test_71_a_server_that_knows_no_developer_gets_system_first() -> None:
    body = responses(
        before=[{"role": "developer", "content": "be kind"}],
        after=[{"role": "developer", "content": "now rhyme"}],
        instructions="be brief",
    )
    for server in ("compatible", "llama.cpp"):
        roles = [m["role"] for m in sent(R, body, C, "m", server)["messages"]]
        assert roles[0] == "system"
        assert "developer" not in roles
    assert roles == ["system", "user"]

import json
from dataclasses import replace
from typing import Any

import pytest
from google.genai import types

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.gemini.signatures import PLACEHOLDER
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import Message
from tests.unit.pipeline.dialects.gemini.bodies import TO, asked, sent, to_model

USER = Message("user", (Text("hi"),))
PNG = Image(Media("image/png", "iVBO"))
OWN = Seal("gemini", {"thoughtSignature": "c2ln"}, "g")
THEIRS = Seal("anthropic_messages", {"signature": "s"}, "a")


def model(*parts: Part) -> Message:
    return Message("assistant", parts)


def user(*parts: Part) -> Message:
    return Message("user", parts)


def contents(*messages: Message, **traits: Any) -> Any:
    written = sent(asked(*messages), to_model(**traits))["contents"]
    for content in written:
        types.Content.model_validate_json(json.dumps(content))
    return written


def parts(*messages: Message, **traits: Any) -> Any:
    return [content["parts"] for content in contents(*messages, **traits)]


def losses(*messages: Message) -> tuple[str, ...]:
    return Gemini().write_request(asked(*messages), TO).losses


def call(id_: str = "c1", name: str = "f", arguments: str = "{}", **more: Any) -> ToolCall:
    return ToolCall(id_, name, arguments, **more)


def result(id_: str = "c1", *inner: Any, **more: Any) -> ToolResult:
    return ToolResult(id_, inner or (Text("x"),), **more)


def test_roles_and_the_merging_of_turns() -> None:
    told = contents(USER, user(Text("b")), model(Text("c")), model(Text("d")), USER)
    assert ["user", "model", "user"] == [content["role"] for content in told]
    assert [{"text": "hi"}, {"text": "b"}] == told[0]["parts"]


def test_a_system_turn_in_the_middle_is_the_users() -> None:
    told = contents(USER, model(Text("a")), Message("developer", (Text("D"),)), USER)
    assert [{"text": "D"}, {"text": "hi"}] == told[2]["parts"]


@pytest.mark.parametrize("messages", [[], [model(Text("a"))], [Message("system", (Text("S"),))]])
def test_the_user_begins(messages: list[Message]) -> None:
    told = contents(*messages)
    assert {"role": "user", "parts": [{"text": "."}]} == told[0]


def test_empty_texts_and_turns_go() -> None:
    assert [[{"text": "hi"}, {"text": "hi"}]] == parts(USER, model(Text("")), USER)
    assert [[{"text": "hi"}, {"text": "hi"}]] == parts(USER, model(Reasoning("hm")), USER)


def test_a_call_and_its_result() -> None:
    told = parts(USER, model(Text("a"), call(arguments='{"c":1}')), Message("tool", (result(),)))
    assert [{"text": "a"}, {"functionCall": {"id": "c1", "name": "f", "args": {"c": 1}}}] == told[1]
    assert [{"functionResponse": {"id": "c1", "name": "f", "response": {"output": "x"}}}] == told[2]


def test_as_many_responses_as_calls_in_one_content_in_their_order() -> None:
    told = contents(
        USER,
        model(call("a"), call("b", "g"), call("c")),
        Message("tool", (result("c"),)),
        Message("tool", (result("a", is_error=True),)),
        user(Text("next")),
    )
    assert 3 == len(told)
    *responses, text = told[2]["parts"]
    named = [(one["functionResponse"]["id"], one["functionResponse"]["name"]) for one in responses]
    assert [("a", "f"), ("b", "g"), ("c", "f")] == named
    assert {"error": "x"} == responses[0]["functionResponse"]["response"]
    assert {"error"} == set(responses[1]["functionResponse"]["response"])
    assert {"text": "next"} == text


def test_a_result_without_a_call_is_text() -> None:
    (only,) = parts(user(result("z")))
    assert ["text"] == [key for part in only for key in part]


@pytest.mark.parametrize(
    ("text", "response"),
    [("", {"output": ""}), ('{"a":1}', {"output": '{"a":1}'}), ("[1]", {"output": "[1]"})],
)
def test_a_response_is_an_object(text: str, response: Any) -> None:
    told = parts(USER, model(call()), user(result("c1", Text(text))))
    assert response == told[2][0]["functionResponse"]["response"]


@pytest.mark.parametrize(
    ("arguments", "args"), [("", {}), ("{", {"_raw": "{"}), ("null", {"_raw": "null"})]
)
def test_arguments_are_an_object(arguments: str, args: Any) -> None:
    told = parts(USER, model(call(arguments=arguments)), user(result()))
    assert args == told[1][0]["functionCall"]["args"]


def test_a_custom_call_is_a_function_of_one_string() -> None:
    told = parts(USER, model(call(arguments="x {", custom=True)), user(result()))
    assert {"input": "x {"} == told[1][0]["functionCall"]["args"]


def test_names_and_ids_that_do_not_fit_are_mapped_alike() -> None:
    told = parts(USER, model(call("é", "a b")), user(result("é")))
    function, response = told[1][0]["functionCall"], told[2][0]["functionResponse"]
    assert (function["id"], function["name"]) == (response["id"], response["name"])
    assert function["id"].isascii()
    assert " " not in function["name"]


def test_media_in_a_result() -> None:
    messages = [USER, model(call()), user(result("c1", Text("x"), PNG), Text("b"))]
    inline = {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}
    response, text = parts(*messages, media_in_results=True)[2]
    assert [inline] == response["functionResponse"]["parts"]
    assert {"text": "b"} == text
    response, heading, picture, text = parts(*messages)[2]
    assert "parts" not in response["functionResponse"]
    assert "[image: see below]" in response["functionResponse"]["response"]["output"]
    assert "c1" in heading["text"]
    assert (inline, {"text": "b"}) == (picture, text)


def test_an_unknown_part_of_a_result_is_told_as_json() -> None:
    told = parts(USER, model(call()), user(result("c1", OpaquePart({"type": "tool_reference"}))))
    assert {"output": '{"type":"tool_reference"}'} == told[2][0]["functionResponse"]["response"]


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (PNG, {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}),
        (Image(Media("", "/9j/")), {"inlineData": {"mimeType": "image/jpeg", "data": "/9j/"}}),
        (
            Audio(Media("audio/mp3", "AA==")),
            {"inlineData": {"mimeType": "audio/mp3", "data": "AA=="}},
        ),
        (
            Document(Media("application/pdf", "JVBE"), "a.pdf"),
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBE", "displayName": "a.pdf"}},
        ),
        (Document(Media("text/plain", "aGk="), "a.txt"), {"text": "a.txt:\nhi"}),
        (
            Image(Media("image/png", url="gs://b/a")),
            {"fileData": {"mimeType": "image/png", "fileUri": "gs://b/a"}},
        ),
        (
            Image(Media("", url="https://generativelanguage.googleapis.com/v1beta/files/a")),
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}},
        ),
        (Refusal("no"), {"text": "no"}),
    ],
)
def test_parts(part: Part, written: Any) -> None:
    role = "assistant" if isinstance(part, Refusal) else "user"
    assert [written] == parts(USER, Message(role, (part,)), image_urls=False)[-1][-1:]


def test_a_url_is_sent_where_it_is_taken() -> None:
    image = Image(Media("", url="https://x/a.png"))
    assert [{"fileData": {"fileUri": "https://x/a.png"}}] == parts(user(image))[0]
    with pytest.raises(Untranslatable) as raised:
        contents(user(image), image_urls=False)
    assert "image_url" == raised.value.param


@pytest.mark.parametrize(
    "part", [Image(Media(file_id="file-1")), Document(Media("application/pdf", file_id="file-1"))]
)
def test_files_of_another_vendor_are_refused(part: Part) -> None:
    with pytest.raises(Untranslatable):
        contents(user(part))


def test_an_unknown_part_goes_with_a_warning() -> None:
    assert ("dropped video",) == losses(user(Text("a"), OpaquePart({}, "video")))


def test_foreign_state_and_bare_reasoning_go() -> None:
    messages = [USER, model(Reasoning("hm", THEIRS), Text("a"), call(seal=THEIRS)), user(result())]
    assert [{"text": "a"}, {"functionCall": {"id": "c1", "name": "f", "args": {}}}] == parts(
        *messages
    )[1]
    assert ("dropped another vendor's reasoning state",) == losses(*messages)
    other = Seal("gemini", {"thoughtSignature": "c2ln"}, "another backend")
    assert ("dropped another vendor's reasoning state",) == losses(
        USER, model(Reasoning("", other))
    )


def test_a_signature_goes_to_its_call_wherever_the_client_kept_it() -> None:
    bound = replace(OWN, call="c2")
    for history in (
        [Reasoning("", bound), call("c1"), call("c2")],
        [call("c1"), call("c2", seal=bound)],
    ):
        told = parts(USER, model(*history), user(result("c1"), result("c2")))
        assert [None, "c2ln"] == [part.get("thoughtSignature") for part in told[1]]


def test_a_signature_goes_to_its_call_though_the_id_had_to_change() -> None:
    bound = replace(OWN, call="é")
    told = parts(USER, model(Reasoning("", bound), call("é")), user(result("é")))
    assert "c2ln" == told[1][0]["thoughtSignature"]


def test_a_texts_signature_stands_behind_the_text() -> None:
    signed = {"text": "", "thoughtSignature": "c2ln"}
    assert [{"text": "a"}, signed] == parts(USER, model(Text("a"), Reasoning("", OWN)))[1]
    assert [{"text": "a"}, signed] == parts(USER, model(Reasoning("hm", OWN), Text("a")))[1]


def test_a_signed_thought_is_restored_as_it_was() -> None:
    block = {"thoughtSignature": "c2ln", "thought": True, "text": "hm"}
    told = parts(USER, model(Reasoning("other", Seal("gemini", block, "g")), Text("a")))[1]
    assert [block, {"text": "a"}] == told


def test_the_first_call_of_each_step_since_the_users_last_word_is_signed() -> None:
    steps = [
        USER,
        model(call("a")),
        user(result("a")),
        user(Text("and now?")),
        model(call("b"), call("c")),
        user(result("b"), result("c")),
        model(Text("x"), call("d", seal=replace(OWN, call="d"))),
        user(result("d"), Text("a reminder")),
        model(call("e")),
        user(result("e")),
    ]
    told = [
        part.get("thoughtSignature")
        for content in contents(*steps, thinking="level")
        for part in content["parts"]
        if "functionCall" in part
    ]
    assert [PLACEHOLDER, PLACEHOLDER, None, "c2ln", PLACEHOLDER] == told
    assert PLACEHOLDER not in json.dumps(contents(*steps, thinking="budget"))


def test_calls_before_the_users_last_word_need_no_signature() -> None:
    steps = [USER, model(call("a")), user(result("a")), model(Text("done")), user(Text("next"))]
    assert PLACEHOLDER not in json.dumps(contents(*steps, thinking="level"))
